import Glibc
import ServiceManager
import YAMLText

/// Secrets are read when they are needed, from where the configuration says.
enum Secret {
    static func read(_ reference: SecretReference?) throws(StartError) -> String? {
        switch reference {
        case nil: return nil
        case .file(let path): return try contents(path)
        case .credential(let name):
            do throws(CredentialError) {
                return String(decoding: try Credentials.read(name), as: UTF8.self)
            } catch {
                throw .secret("credential \(name): \(error) (LoadCredential= in the unit)")
            }
        case .environment(let name):
            guard let value = getenv(name) else { throw .secret("environment variable \(name) is not set") }
            return String(cString: value)
        }
    }

    private static func contents(_ path: String) throws(StartError) -> String {
        do throws(FileError) {
            let bytes = try FileContents.read(path, byteCountMax: 65_536)
            return String(decoding: bytes, as: UTF8.self).trimmingNewline()
        } catch {
            throw .secret("\(path) cannot be read: \(error)")
        }
    }
}

extension String {
    func trimmingNewline() -> String {
        var text = self
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
