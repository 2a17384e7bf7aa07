/// Certificates for one test: an authority, a server and a client of it, and an authority of somebody else.
public enum TestCertificates {
    /// Makes `ca`, `stranger`, `server` (for 127.0.0.1) and `client`, each as `.pem` and `.key`, in the folder.
    public static func make(in folder: TemporaryFolder) throws {
        try authority("ca", in: folder)
        try authority("stranger", in: folder)
        try File.write("subjectAltName=IP:127.0.0.1\n", to: folder.file("names"))
        for name in ["server", "client"] {
            try request(name, in: folder)
            try run(
                ["x509", "-req", "-days", "2", "-extfile", folder.file("names"), "-in", folder.file("\(name).csr")] + [
                    "-CA", folder.file("ca.pem"), "-CAkey", folder.file("ca.key"), "-CAcreateserial", "-out",
                    folder.file("\(name).pem"),
                ])
        }
    }

    /// Makes `ca` and `server` (for 127.0.0.1), both valid between two dates, written `YYYYMMDDHHMMSSZ`.
    public static func make(in folder: TemporaryFolder, validFrom start: String, to end: String) throws {
        try File.write(
            """
            [ca]
            default_ca = own
            [own]
            database = \(folder.file("database"))
            new_certs_dir = \(folder.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            [any]
            commonName = supplied
            [authority]
            basicConstraints = critical,CA:TRUE
            [server]
            subjectAltName = IP:127.0.0.1
            """, to: folder.file("ca.conf"))
        try File.write("", to: folder.file("database"))
        for (name, signing) in [("ca", ["-selfsign"]), ("server", ["-cert", folder.file("ca.pem")])] {
            try request(name, in: folder)
            try run(
                [
                    "ca", "-batch", "-notext", "-config", folder.file("ca.conf"), "-keyfile", folder.file("ca.key"),
                    "-extensions", name == "ca" ? "authority" : "server", "-startdate", start, "-enddate", end,
                    "-in", folder.file("\(name).csr"), "-out", folder.file("\(name).pem"),
                ] + signing)
        }
    }

    private static func request(_ name: String, in folder: TemporaryFolder) throws {
        try run(
            ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)"] + [
                "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).csr"),
            ])
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
