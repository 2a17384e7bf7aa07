internal import FieldProtocols
public import GatewayModel
internal import HTTPClient

extension MASDestination {
    /// What stands at the head of every request to the MAS.
    var requestHeaders: [ClientRequest.Header] {
        var headers = [ClientRequest.Header("Content-Type", "application/json")]
        if let token = configuration.serviceToken { headers.append(.init("X-MYCA-Service-Token", token)) }
        return headers
    }

    /// Sends one record by itself, the same request as the first time, and waits for the answer.
    ///
    /// Blocks the calling thread for at most the request's time-out. The cursor is not touched.
    public func resend(_ record: StoredRecord) -> ResendResult {
        var envelope = MASEnvelope(gateway: configuration.gatewayID, epoch: configuration.epoch)
        guard let body = envelope.body(record) else { return .failed("a reading without a device") }
        let messageID = RecordIdentity(gateway: configuration.gatewayID, epoch: configuration.epoch).messageID(
            of: record)
        let result: Result<ClientAnswer, HTTPClientError>
        do throws(HTTPClientError) {
            let client = try HTTPClient(configuration.client)
            result = .success(try client.send(ClientRequest(.post, ingestURL, headers: requestHeaders, body: body)))
        } catch {
            result = .failure(error)
        }
        let wall = clock.now().wall.milliseconds
        return ResendResult(MASAnswer().outcome(result, messageID: ArraySlice(messageID.utf8), wall: wall))
    }
}
