internal import CLinux
internal import Glibc
internal import GatewayModel

/// The one thread that writes the journal.
// The handle is set once before anybody else can see the object, and joined once.
final class WriterThread: @unchecked Sendable {
    private final class Start {
        let shared: JournalState
        let committer: Committer

        init(_ shared: JournalState, _ committer: Committer) {
            self.shared = shared
            self.committer = committer
        }
    }

    private var handle = pthread_t()

    init(_ shared: JournalState, _ committer: sending Committer) throws(JournalError) {
        let start = Unmanaged.passRetained(Start(shared, committer))
        let result = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                "journal".withCString { name in _ = clinux_prctl(PR_SET_NAME, UInt(bitPattern: name)) }
                WriterThread.work(start.shared, start.committer)
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            throw .unusable("no thread for the writer: \(String(cString: strerror(result)))")
        }
    }

    func join() { pthread_join(handle, nil) }

    private static func work(_ shared: JournalState, _ committer: Committer) {
        while let group = shared.queue.take(patience: .seconds(1)) {
            if !group.isEmpty {
                committer.commit(group)
                shared.queue.finish(group)
            }
            committer.rest()
            shared.noteTurn()
        }
        committer.close()
    }
}
