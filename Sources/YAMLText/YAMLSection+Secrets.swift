extension YAMLSection {
    /// A secret by reference: `<name>_file: PATH`, `<name>_credential: NAME`, `<name>_env: NAME`, or for the one secret of
    /// a section also the short `credential: NAME` and `env: NAME`. Written in the file itself it is refused.
    ///
    /// - Parameter isOnly: whether this is the only secret of the section, which may then use the short keys.
    public func secret(_ name: String, isOnly: Bool = true) -> SecretReference? {
        let accepted = "\(name)_file: PATH, \(name)_credential: NAME or \(name)_env: NAME"
        if has(name) {
            reject(name, .secretInClear, "a secret does not stand in the configuration, accepted \(accepted)")
            return nil
        }
        var references: [(key: String, reference: SecretReference)] = []
        func take(_ key: String, _ make: (String) -> SecretReference) {
            if let text = text(key) { references.append((key, make(text))) }
        }
        take("\(name)_file", SecretReference.file)
        take("\(name)_credential", SecretReference.credential)
        take("\(name)_env", SecretReference.environment)
        if isOnly {
            take("credential", SecretReference.credential)
            take("env", SecretReference.environment)
        }
        if references.count > 1 {
            reject(
                references[1].key, .conflict, "the secret is also given by `\(references[0].key)`, accepted one of them"
            )
        }
        return references.first?.reference
    }
}
