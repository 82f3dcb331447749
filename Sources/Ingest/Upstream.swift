public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Postgres
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An OpenStack service that is asked over HTTP, with an end to every wait and every answer.
struct Upstream: Sendable {
    /// As it is named in errors.
    let service: String
    let http: HTTPClient
    /// From the request to the last byte of the answer.
    let patience: Duration

    /// The longest answer that is read: 50,000 servers, as the newest microversion writes them.
    static let answerBytes = 64 << 20

    /// Asks once more where the connection was cut: what is asked here may be asked twice. Manila below uWSGI closes
    /// connections after each answer, which a client may find out too late.
    ///
    /// - Returns: The exchange without its request's headers and body, which hold secrets.
    /// - Throws: `.away`, `.unintelligible` for an answer without an end, `.cancelled`.
    func ask(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws(IngestError) -> Exchange {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders([("Accept", "application/json"), ("User-Agent", "dossier")] + headers)
        if !body.isEmpty {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        do throws(Cut) {
            return try await send(request)
        } catch  where error.isRepeatable {
            do throws(Cut) { return try await send(request) } catch { throw error.error }
        } catch {
            throw error.error
        }
    }

    /// Why there is no answer, and whether the same may be asked at once again.
    private struct Cut: Error {
        let error: IngestError
        var isRepeatable = false
    }

    private func send(_ request: HTTPClientRequest) async throws(Cut) -> Exchange {
        let startedAt = Timestamp.now
        let clock = ContinuousClock()
        let begun = clock.now
        let outcome = await withTaskGroup(of: Result<(HTTPClientResponse, ByteBuffer), any Error>?.self) { group in
            group.addTask {
                do {
                    let response = try await http.execute(request, timeout: TimeAmount(patience))
                    return .success((response, try await response.body.collect(upTo: Self.answerBytes)))
                } catch {
                    return .failure(error)
                }
            }
            // An answer that trickles in must not take for ever either.
            group.addTask {
                try? await Task.sleep(for: patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard !Task.isCancelled else { throw Cut(error: .cancelled) }
        switch outcome {
        case .success(let (response, body)):
            return Exchange(
                method: request.method.rawValue, target: request.url, startedAt: startedAt, duration: clock.now - begun,
                status: Int(response.status.code), responseHeaders: response.headers.map { ($0.name, $0.value) },
                responseBody: Array(buffer: body))
        case .failure(let error): throw cut(error)
        case nil: throw Cut(error: .away(service: service, reason: "no answer within \(patience)"))
        }
    }

    private func cut(_ error: any Error) -> Cut {
        switch error {
        case is NIOTooManyBytesError:
            Cut(error: .unintelligible(service: service, reason: "the answer is longer than \(Self.answerBytes) bytes"))
        case let error as HTTPClientError:
            Cut(
                error: .away(service: service, reason: error.shortDescription),
                isRepeatable: error == .remoteConnectionClosed)
        case let error as IOError:
            Cut(
                error: .away(service: service, reason: String(cString: strerror(error.errnoCode))),
                isRepeatable: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE)
        default: Cut(error: .away(service: service, reason: "\(type(of: error))"))
        }
    }
}

extension HTTPClient.Configuration {
    /// For services that get secrets: no answer leads elsewhere.
    public static var upstream: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        return configuration
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
