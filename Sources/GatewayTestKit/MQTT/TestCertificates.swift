/// Certificates for one test: an authority, a server and a client of it, and an authority of somebody else.
public enum TestCertificates {
    /// Makes `ca`, `stranger`, `server` (for 127.0.0.1) and `client`, each as `.pem` and `.key`, in the folder.
    public static func make(in folder: TemporaryFolder) throws {
        try authority("ca", in: folder)
        try authority("stranger", in: folder)
        try File.write("subjectAltName=IP:127.0.0.1\n", to: folder.file("names"))
        for name in ["server", "client"] {
            try run(
                ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)"] + [
                    "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).csr"),
                ])
            try run(
                ["x509", "-req", "-days", "2", "-extfile", folder.file("names"), "-in", folder.file("\(name).csr")] + [
                    "-CA", folder.file("ca.pem"), "-CAkey", folder.file("ca.key"), "-CAcreateserial", "-out",
                    folder.file("\(name).pem"),
                ])
        }
    }

    private static func authority(_ name: String, in folder: TemporaryFolder) throws {
        try run(
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)"] + [
                "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).pem"),
            ])
    }

    private static func run(_ arguments: [String]) throws {
        let process = try ChildProcess("openssl", arguments, output: "/dev/null")
        let status = process.waitForExit()
        guard status == 0 else { throw FileError(operation: "run", path: "openssl", code: status) }
    }
}
