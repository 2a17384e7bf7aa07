import FieldProtocols
import Testing

@testable import Drivers

@Suite struct SubscriptionLists {
    /// An entity that is renamed: its old description is taken back and a new one comes, for the same topic, at once.
    @Test func aTopicThatIsDescribedAnewAtOnceStaysSubscribed() {
        var list = SubscriptionList(filters: [TopicFilter("homeassistant/#")])
        list.apply(.subscribe("env/01/state"))
        list.connectionBegan()
        #expect(list.wanted == ["env/01/state"])
        list.apply(.unsubscribe("env/01/state"))
        #expect(list.unwanted == ["env/01/state"] && list.wanted.isEmpty)
        list.apply(.subscribe("env/01/state"))
        #expect(list.wanted == ["env/01/state"] && list.unwanted.isEmpty)
        list.apply(.unsubscribe("env/01/state"))
        #expect(list.wanted.isEmpty && list.unwanted == ["env/01/state"])
    }
}
