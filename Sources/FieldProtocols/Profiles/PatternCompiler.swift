/// One step of matching.
enum PatternInstruction: Sendable, Equatable {
    case byte(UInt8)
    case set(Int)
    case lineStart
    case lineEnd
    /// Tries the first, then the second.
    case split(Int, Int)
    case jump(Int)
    /// Notes the place: 2 × group for where it begins, + 1 for where it ends.
    case save(Int)
    case match
}

/// Turns the tree of a pattern into steps.
struct PatternCompiler {
    private(set) var program: [PatternInstruction] = []
    /// Nodes that were looked at: repetitions of nothing make no steps, but take time all the same.
    private var visits = 0

    mutating func compile(_ root: PatternNode) throws(LinePattern.Failure) {
        try emit(root)
        try add(.match)
    }

    private mutating func add(_ instruction: PatternInstruction) throws(LinePattern.Failure) {
        guard program.count < LinePattern.programCountMax else {
            throw .init(message: "the pattern is too large", offset: 0)
        }
        program.append(instruction)
    }

    private mutating func emit(_ node: PatternNode) throws(LinePattern.Failure) {
        visits += 1
        guard visits <= 10 * LinePattern.programCountMax else {
            throw .init(message: "the pattern is too large", offset: 0)
        }
        switch node {
        case .empty: break
        case .byte(let byte): try add(.byte(byte))
        case .set(let index): try add(.set(index))
        case .lineStart: try add(.lineStart)
        case .lineEnd: try add(.lineEnd)
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .choice(let branches): try emit(branches[...])
        case .group(let number, let node):
            try add(.save(2 * number))
            try emit(node)
            try add(.save(2 * number + 1))
        case .repetition(let node, let least, let most, let isLazy):
            for _ in 0..<least { try emit(node) }
            if let most {
                try emitOptional(node, times: most - least, isLazy)
            } else {
                try emitLoop(node, isLazy)
            }
        }
    }

    private mutating func emit(_ branches: ArraySlice<PatternNode>) throws(LinePattern.Failure) {
        guard let first = branches.first else { return }
        guard branches.count > 1 else { return try emit(first) }
        let split = program.count
        try add(.match)
        try emit(first)
        let jump = program.count
        try add(.match)
        program[split] = .split(split + 1, program.count)
        try emit(branches.dropFirst())
        program[jump] = .jump(program.count)
    }

    private mutating func emitLoop(_ node: PatternNode, _ isLazy: Bool) throws(LinePattern.Failure) {
        let split = program.count
        try add(.match)
        try emit(node)
        try add(.jump(split))
        program[split] = isLazy ? .split(program.count, split + 1) : .split(split + 1, program.count)
    }

    private mutating func emitOptional(_ node: PatternNode, times: Int, _ isLazy: Bool) throws(LinePattern.Failure) {
        var splits: [Int] = []
        for _ in 0..<times {
            splits.append(program.count)
            try add(.match)
            try emit(node)
        }
        for split in splits {
            program[split] = isLazy ? .split(program.count, split + 1) : .split(split + 1, program.count)
        }
    }
}
