import AsyncHTTPClient
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Postgres
import ShareServers
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A call to share servers on its way through.
struct PassingCall: Sendable {
    let request: Request
    let target: String
    let call: Call
    let way: Way
    /// Without an answer as yet.
    var exchange: Exchange
    /// Unique for the gateway's source.
    let id: String
    let body: KeptBody
    /// All of the body where that was kept.
    let read: ByteBuffer
    /// All of the body where it was not.
    let rest: RestOfBody?
    let start: ContinuousClock.Instant

    /// The exchange with its answer, or without one, as of now.
    func answered(
        _ status: Int, _ headers: HTTPHeaders, _ response: KeptBody?, outcome: Exchange.Outcome? = nil
    ) -> Exchange {
        var exchange = exchange
        exchange.duration = start.duration(to: .now)
        exchange.status = status
        exchange.responseHeaders = headers.map { ($0.name, $0.value) }
        exchange.responseBody = response?.bytes ?? []
        exchange.wholeRequest = body.size
        exchange.wholeResponse = response?.size
        exchange.outcome = outcome
        return exchange
    }
}

/// What has been read of the body of an answer.
struct AnswerBody: Sendable {
    var read = ByteBuffer()
    let kept: KeptBody
    /// What has not; nil: that is all. Handed on by who has read so far and reads no more.
    nonisolated(unsafe) var rest: HTTPClientResponse.Body.AsyncIterator?
}

extension Gateway {
    /// Records a call and passes it on.
    ///
    /// - Parameter id: Unique for the gateway's source.
    func record(_ request: Request, _ target: String, _ way: Way, id: String) async throws -> Response {
        let start = ContinuousClock.now
        var exchange = Exchange(
            method: request.method.rawValue, target: target,
            requestHeaders: request.headers.map { ($0.name.rawName, $0.value) }, startedAt: .now,
            duration: .seconds(-1), status: 0, remoteAddress: way.address)
        let body = KeptBody(limit: Self.keptRequestBytes)
        var read = ByteBuffer()
        var rest: RestOfBody?
        if request.hasBody {
            var iterator = way.body.makeAsyncIterator()
            while let chunk = try await iterator.next() {
                read.writeImmutableBuffer(chunk)
                guard body.take(chunk) else {
                    rest = RestOfBody(read: read, rest: iterator, kept: body)
                    break
                }
            }
        }
        exchange.requestBody = body.bytes
        exchange.wholeRequest = body.size
        exchange.caller = await settings.identification.caller(of: exchange)
        return await withTaskExecutorPreference(Self.executor(toRead: read.readableBytes)) { [exchange, read, rest] in
            guard let call = Call(recognising: exchange) else { return Self.unreachable }
            let passing = PassingCall(
                request: request, target: target, call: call, way: way, exchange: exchange, id: id, body: body,
                read: read, rest: rest, start: start)
            // A caller that goes away does not end what has begun, which goes on where it is.
            let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
            return await Task.immediate(executorPreference: executor) { await carryOut(passing) }.value
        }
    }

    /// Where so much is to be read: nil where it is begun, so short that the other connections of an event loop may wait.
    ///
    /// Source: measured; what shows one server, 1 KiB, is read in 0.07 ms, and so much in about a millisecond.
    private static func executor(toRead bytes: Int) -> (any TaskExecutor)? {
        bytes > 16 << 10 ? globalConcurrentExecutor : nil
    }

    private func carryOut(_ passing: PassingCall) async -> Response {
        guard await isAdmitted(passing) else {
            tally.count(\.refused)
            return Self.refused
        }
        var request = upstreamRequest(passing.request, passing.target, passing.way)
        // What is compressed could not be read.
        request.headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        if passing.request.hasBody {
            let length = passing.request.contentLength
            request.body =
                passing.rest.map { .stream($0, length: length.map { .known($0) } ?? .unknown) } ?? .bytes(passing.read)
        }
        let isRepeatable = !passing.request.hasBody && Self.isSafe(passing.request.method)
        do {
            let (answer, body) = try await execute(request, isRepeatable: isRepeatable) { answer in
                (answer, try await Self.read(answer, to: passing))
            }
            return body.rest == nil ? await finish(passing, answer, body) : stream(passing, answer, body)
        } catch {
            return await fail(passing, error)
        }
    }

    /// Whether the call may be passed on: a changing one once that is recorded.
    private func isAdmitted(_ passing: PassingCall) async -> Bool {
        guard passing.call.mayChange else {
            if settings.doReadsPassUnrecorded { return true }
            return await recorder.hasRoom()
        }
        do {
            let intent = try passing.call.intent(
                of: passing.exchange, id: passing.id, source: settings.source, redaction: recorder.redaction)
            try await recorder.append([intent])
            return true
        } catch {
            logger.error("a changing call was refused: \(error)")
            return false
        }
    }

    /// Reads the body of an answer, where it says that it can be kept; else nothing of it.
    ///
    /// That to a changing call is read where it says nothing, too, as far as it can be kept: its caller must not see how it
    /// went before that is recorded.
    private static func read(_ answer: HTTPClientResponse, to passing: PassingCall) async throws -> AnswerBody {
        var body = AnswerBody(kept: KeptBody(limit: keptResponseBytes), rest: answer.body.makeAsyncIterator())
        if !isWithoutBody(answer, to: passing.request) {
            let length = answer.headers.first(name: "Content-Length").flatMap { Int($0) }
            guard length.map({ $0 <= keptResponseBytes }) ?? passing.call.mayChange else { return body }
        }
        while let chunk = try await body.rest?.next() {
            body.read.writeImmutableBuffer(chunk)
            guard body.kept.take(chunk) else { return body }
        }
        body.rest = nil
        return body
    }

    /// Source: RFC 9112, section 6.3.
    private static func isWithoutBody(_ answer: HTTPClientResponse, to request: Request) -> Bool {
        request.method == .head || answer.status == .noContent || answer.status == .notModified
    }

    // MARK: Answers

    private func finish(
        _ passing: PassingCall, _ answer: HTTPClientResponse, _ body: AnswerBody
    ) async -> Response {
        let exchange = passing.answered(Int(answer.status.code), answer.headers, body.kept)
        let isLater = !passing.call.mayChange && !settings.areReadsDurable
        if !isLater, await !note(exchange, passing) { return Self.unrecorded }
        if isLater {
            tally.count(\.pendingReads)
            passing.way.ending.add {
                _ = await note(exchange, passing)
                tally.count(\.pendingReads, by: -1)
            }
        }
        return Response(
            status: .init(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase),
            headers: Self.fields(answer.headers),
            body: ResponseBody { writer in
                if body.read.readableBytes > 0 { try await writer.write(body.read) }
                try await writer.finish(nil)
            })
    }

    /// An answer that is too large to be kept, or may be: its last part goes out once it is recorded.
    private func stream(_ passing: PassingCall, _ answer: HTTPClientResponse, _ body: AnswerBody) -> Response {
        let isBegun = Atomic(false)
        // Of a caller who has gone before the answer begins nothing is asked for below.
        passing.way.ending.add {
            guard !isBegun.load(ordering: .relaxed) else { return }
            _ = await note(passing.answered(Int(answer.status.code), answer.headers, body.kept), passing)
        }
        return Response(
            status: .init(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase),
            headers: Self.fields(answer.headers),
            body: ResponseBody { writer in
                isBegun.store(true, ordering: .relaxed)
                var last = body.read.readableBytes > 0 ? body.read : nil
                var rest = body.rest
                let reading: Result<Void, any Error>
                do {
                    while let chunk = try await rest?.next() {
                        body.kept.take(chunk)
                        if let last { try await writer.write(last) }
                        last = chunk
                    }
                    reading = .success(())
                } catch {
                    reading = .failure(error)
                }
                let exchange = passing.answered(Int(answer.status.code), answer.headers, body.kept)
                let isRecorded = await note(exchange, passing)
                try reading.get()
                // The connection ends before the answer does.
                guard isRecorded else { throw CancellationError() }
                if let last { try await writer.write(last) }
                try await writer.finish(nil)
            })
    }

    private func fail(_ passing: PassingCall, _ error: any Error) async -> Response {
        let isForwarded = !Self.isBeforeSending(error)
        tally.count(\.unanswered)
        logger.warning(
            "Manila did not answer \(passing.call.operation.rawValue): \(error)",
            metadata: ["forwarded": "\(isForwarded)"])
        let exchange = passing.answered(0, [:], nil, outcome: isForwarded ? .unknown : .notForwarded)
        guard await note(exchange, passing) else { return Self.unrecorded }
        if case IngestError.brokenRequest = error { return Self.broken }
        guard passing.call.mayChange, isForwarded else { return Self.unreachable }
        return Self.fault(
            .badGateway, "badGateway", "The call was passed on, but Manila did not answer. Look before trying again.")
    }

    /// Whether nothing can have reached Manila.
    private static func isBeforeSending(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError, ChannelError.connectTimeout: true
        case let error as HTTPClientError: error == .connectTimeout
        // Nothing but connecting is refused.
        case let error as IOError: error.errnoCode == ECONNREFUSED
        default: false
        }
    }

    /// Records a call with what its answer tells of servers.
    ///
    /// - Returns: Whether its caller may have the answer.
    private func note(_ exchange: Exchange, _ passing: PassingCall) async -> Bool {
        await withTaskExecutorPreference(Self.executor(toRead: exchange.responseBody.count)) {
            await noteHere(exchange, passing)
        }
    }

    private func noteHere(_ exchange: Exchange, _ passing: PassingCall) async -> Bool {
        let isChange = passing.call.mayChange
        do {
            let reading = try Reading(
                of: exchange, source: settings.source, redaction: recorder.redaction,
                id: isChange ? Call.outcomeID(passing.id) : nil)
            guard let reading else { return false }
            let events = try await noting.events(from: reading, log: await recorder.direct)
            do throws(IngestError) {
                // A read that was let pass because there was room is recorded even where others have taken that since.
                try await recorder.append(events, isOwed: isChange || !settings.doReadsPassUnrecorded)
            } catch {
                await noting.forget(reading)
                throw error
            }
            tally.count(isChange ? \.changes : \.reads)
            return true
        } catch {
            tally.count(\.unrecorded)
            let requestID = exchange.responseHeader("X-Openstack-Request-Id") ?? ""
            logger.error("a call could not be recorded: \(error)", metadata: ["request_id": .string(requestID)])
            return !isChange && (settings.doReadsPassUnrecorded || !settings.areReadsDurable)
        }
    }
}
