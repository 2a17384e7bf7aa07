extension YAMLNode {
    /// This document with `later` laid over it, as a `conf.d` folder does: sections merge key by key, at every depth;
    /// any other value is replaced by the later one. Every node keeps the position in its own file.
    public func merging(_ later: YAMLNode) -> YAMLNode {
        guard !later.isNull else { return self }
        guard case .mapping(var members) = content, case .mapping(let laid) = later.content else { return later }
        for member in laid {
            if let index = members.firstIndex(where: { $0.key == member.key }) {
                members[index].value = members[index].value.merging(member.value)
                members[index].keyPosition = member.keyPosition
            } else {
                members.append(member)
            }
        }
        return YAMLNode(.mapping(members), at: position)
    }
}
