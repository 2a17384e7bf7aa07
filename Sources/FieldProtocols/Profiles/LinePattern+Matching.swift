extension LinePattern {
    /// Finds the first match in `line`. The groups' places stand in `scratch` afterwards (`range(of:in:)`).
    public func matches(_ line: UnsafeRawBufferPointer, _ scratch: inout PatternScratch) -> Bool {
        let width = line.count + 1
        let words = (program.count * width + 63) / 64
        if scratch.visited.count < words {
            scratch.visited = Array(repeating: 0, count: words)
        } else {
            for index in 0..<words { scratch.visited[index] = 0 }
        }
        let slotCount = 2 * groupNames.count
        if scratch.slots.count != slotCount { scratch.slots = Array(repeating: -1, count: slotCount) }
        var start = 0
        while start <= line.count {
            if let firstByte {
                guard let found = line[start...].firstIndex(of: firstByte) else { return false }
                start = found
            }
            for slot in 0..<slotCount { scratch.slots[slot] = -1 }
            if run(line, from: start, width, &scratch) { return true }
            if isAnchored { return false }
            start += 1
        }
        return false
    }

    /// Where the group of this number lies; nil if it took no part.
    public func range(of group: Int, in scratch: PatternScratch) -> Range<Int>? {
        let lower = scratch.slots[2 * group]
        let upper = scratch.slots[2 * group + 1]
        return lower >= 0 && upper >= lower ? lower..<upper : nil
    }

    /// Depth first; no step is taken twice at one place, since it would fail the same way again. The stack holds places to
    /// try next, as step and offset, and group places to restore, as ~slot and its value.
    private func run(
        _ line: UnsafeRawBufferPointer, from start: Int, _ width: Int, _ scratch: inout PatternScratch
    ) -> Bool {
        scratch.stack.removeAll(keepingCapacity: true)
        var step = 0
        var at = start
        while true {
            if advance(line, &step, &at, width, &scratch) { return true }
            while true {
                guard let second = scratch.stack.popLast(), let first = scratch.stack.popLast() else { return false }
                if first >= 0 {
                    step = first
                    at = second
                    break
                }
                scratch.slots[~first] = second
            }
        }
    }

    /// Follows one thread until it matches or fails.
    private func advance(
        _ line: UnsafeRawBufferPointer, _ step: inout Int, _ at: inout Int, _ width: Int,
        _ scratch: inout PatternScratch
    ) -> Bool {
        while true {
            let place = step * width + at
            guard scratch.visited[place >> 6] >> UInt64(place & 63) & 1 == 0 else { return false }
            scratch.visited[place >> 6] |= 1 << UInt64(place & 63)
            switch program[step] {
            case .byte(let byte):
                guard at < line.count, line[at] == byte else { return false }
                at += 1
                step += 1
            case .set(let index):
                guard at < line.count, sets[index].contains(line[at]) else { return false }
                at += 1
                step += 1
            case .lineStart:
                guard at == 0 else { return false }
                step += 1
            case .lineEnd:
                guard at == line.count else { return false }
                step += 1
            case .split(let first, let second):
                scratch.stack.append(second)
                scratch.stack.append(at)
                step = first
            case .jump(let target): step = target
            case .save(let slot):
                scratch.stack.append(~slot)
                scratch.stack.append(scratch.slots[slot])
                scratch.slots[slot] = at
                step += 1
            case .match: return true
            }
        }
    }
}
