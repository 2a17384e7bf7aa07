import FieldProtocols
import GatewayModel

/// How fast the codecs are on one core: the frames and payloads that the data path decodes most.
enum DecodeBenchmark {
    static let benchmark = Benchmark(name: "decode") { [] }
}
