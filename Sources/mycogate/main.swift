import Gateway
import Glibc

let arguments = ProgramArguments.read()
if arguments.first == "run" { Daemon.claimSignals() }
Task.detached {
    let status = await CommandLineTool.run(arguments)
    Output.flush()
    exit(status)
}
// Not `await` here: the runtime would park this thread with every signal unblocked, and SIGTERM would end the process.
while true { pause() }
