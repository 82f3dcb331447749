"""What has to hold of the log, each by figures from elsewhere: what callers saw, and what Manila says itself."""

import collections
import os
import re

import record
from manila import microseconds
from record import CALL, INTENT, SHARE_SERVERS, STATUS, Captured, doubled, moments, told

# From the statement that changes a status to the commit that shows it.
COMMIT = 50_000
# An answer may be as late as that, on a machine that is busy with all of this; its state was so when it was asked for.
LATE = 3_000_000


def same_answers(report, straight, passed):
    """Two runs of the same exercise: the same steps with the same answers."""
    left, right = straight.steps(), passed.steps()
    differing = [(l[0], l[1], r[1]) for l, r in zip(left, right) if l[:2] != r[:2]]
    # Manila answers some steps by how far it has come: the exercise takes either.
    open_steps = {step[0] for step in left if len(step[2]) > 1}
    loose = [pair for pair in differing if pair[0] in open_steps]
    report.check_none(
        "the same answers with and without a gateway",
        [pair for pair in differing if pair not in loose]
        + ([("%d steps" % len(left), "%d steps" % len(right))] if len(left) != len(right) else []),
        "%d steps: status, type, members; %d differ that may" % (len(left), len(loose)))


def exactly(report, what, events, calls):
    """The log has these calls, each once, and no others."""
    expected = collections.Counter(call.told for call in calls)
    found = collections.Counter(told(event) for event in events)
    missing, extra = list((expected - found).elements()), list((found - expected).elements())
    twice = doubled(event["data"]["request_id"] for event in events if event["data"].get("request_id"))
    without = sum(1 for call in calls if not call.request_id)
    report.check(
        what, not missing and not extra and not twice,
        "%d calls, %d by request id; %d missing, %d extra, %d doubled"
        % (len(calls), len(calls) - without, len(missing), len(extra), len(twice)),
        [("missing",) + call for call in missing] + [("extra",) + call for call in extra] + twice)


def actors(report, events, calls, people):
    """Each call is by whom its token was given to; nobody where Keystone does not know it."""
    who = {call.request_id: call.who for call in calls if call.request_id}
    wrong, named = [], collections.Counter()
    for event in events:
        caller, actor = who.get(event["data"].get("request_id")), event["data"].get("actor", {})
        person = people.get(caller)
        named[caller if person else "nobody"] += 1
        if person is None:
            is_right = "user_id" not in actor and actor.get("verified") is False
        else:
            is_right = (actor.get("user_id") == person["user"]["id"] and actor.get("user_name") == caller
                       and actor.get("project_id") == person["project"]["id"]
                       and sorted(actor.get("roles", [])) == sorted(role["name"] for role in person["roles"]))
        if not is_right:
            wrong.append((caller, actor))
    report.check_none("the right actors", wrong, ", ".join("%s %d" % pair for pair in sorted(named.items())))


def revoked(report, events, calls, person):
    """The call before a token was revoked is by whom it was given to, and the one after by nobody."""
    actors = {event["data"].get("request_id"): event["data"].get("actor", {}) for event in events}
    before, after = [actors.get(call.request_id, {}) for call in calls]
    report.check("before it is taken back it is somebody's", before.get("user_id") == person["user"]["id"],
                 before.get("user_name", ""), [str(before)])
    report.check("after that it is nobody's", after.get("verified") is False and "user_id" not in after,
                 "well within the minute for which an answer counts", [str(after)])


def transcripts(report, directory, events):
    """What `openstack --debug` wrote of its calls is in the log."""
    asked = re.compile(r" call to \S+ for http\S*?(/v2\S*) used request id (\S+)")
    ids = []
    for name in sorted(os.listdir(directory)):
        if name.endswith(".txt"):
            with open(os.path.join(directory, name), errors="replace") as file:
                ids += [id for path, id in asked.findall(file.read()) if SHARE_SERVERS.search(path)]
    found = collections.Counter(event["data"].get("request_id") for event in events)
    report.check("its calls are in the log, once each", ids and all(found[id] == 1 for id in ids),
                 "%d share-server calls named in its transcripts" % len(ids), [id for id in ids if found[id] != 1])


def kept_through_kills(report, calls, events, intents, audited):
    """After kills: what was answered is there, nothing twice, and what was not answered is said to be unknown."""
    answered = [call for call in calls if call.request_id and SHARE_SERVERS.search(call.path)]
    changes = [call for call in answered if call.operation in record.CHANGES]
    found = collections.defaultdict(list)
    for event in events:
        found[event["data"].get("request_id")].append(event["data"].get("http_status"))
    lost = [call.told for call in answered if found[call.request_id] != [call.status]]
    unanswered = sum(1 for call in calls if call.status is None)
    report.check_none(
        "no answered call is lost or doubled", lost,
        "%d answered, %d of them changes; %d without an answer" % (len(answered), len(changes), unanswered))
    report.check_none("no request id twice", [id for id, statuses in found.items() if id and len(statuses) > 1],
                      "%d calls in the log" % len(events))
    begun = collections.Counter(event["id"].split("/", 1)[1] for event in intents)
    ended = collections.Counter(event["id"].split("/", 1)[1] for event in events if event["id"].startswith("call/"))
    unknown = [event for event in events if event["data"].get("outcome") == "unknown"]
    report.check_none("each intent has one outcome", list(((begun - ended) + (ended - begun)).elements()),
                      "%d intents, %d outcomes unknown" % (sum(begun.values()), len(unknown)))
    carried = [event for event in audited if is_change(event)]
    unseen = collections.Counter(server(event["requestPath"]) for event in carried
                                 if not found[event["initiator"]["request_id"]])
    doubted = collections.Counter(server(event["data"]["path"]) for event in unknown)
    report.check_none("no change reached Manila unrecorded", list((unseen - doubted).elements()),
                      "%d in Manila's audit, %d of them among the unknown" % (len(carried), sum(unseen.values())))


def is_change(audit):
    """Of a CADF event: whether it is a call of the crowd's that may change a share server."""
    return SHARE_SERVERS.search(audit["requestPath"]) and (
        audit["action"] == "delete" or audit["requestPath"].endswith("/action"))


def server(path):
    return (record.IDENTIFIER.findall(path.split("share-servers")[-1]) or [None])[0]


def states(report, who, events, visits):
    """No status was told that Manila's database did not hold then, or when the answer was asked for."""
    wrong = []
    for event in events:
        status, (_, moment) = event["data"].get("status"), moments(event)
        if status and not any(visit[0] == status and visit[1] <= moment and
                              (visit[2] is None or visit[2] >= moment - LATE)
                              for visit in visits.get(event.get("subject"), [])):
            wrong.append((event["subject"], status, event["time"]))
    report.check_none("%s told no status that was not so" % who, wrong, "%d told" % len(events))


def polled(report, events, visits, lists, gaps):
    """The poller found every server and every status that a list of it fell into, and bounds when each began.

    `lists`: from when until when Manila answered each. `gaps`: when the poller says that it did not watch.
    """
    seen = collections.defaultdict(list)
    for event in events:
        if event["data"].get("status"):
            seen[event["subject"]].append((event["data"]["status"],) + moments(event))
    missed, found, between = [], 0, [0, 0]
    for server, its in visits.items():
        for status, begun, ended in its:
            sightings = [one for one in seen[server] if one[0] == status and one[2] >= begun
                         and (ended is None or one[2] <= ended + LATE)]
            former = [one[0] for one in seen[server] if one[2] < begun][-1:]
            if not any(begun + COMMIT < asked and (ended is None or answered < ended)
                       and not any(start < answered and asked < stop for start, stop in gaps)
                       for asked, answered in lists):
                between[bool(sightings)] += 1
            # A server that came and went between two lists was never there for it, nor was that it had gone.
            elif sightings or former == [status] or (status == "absent" and not seen[server]):
                found += 1
            else:
                missed.append((server, status, begun, ended))
    report.check_none("the poller found each status that it could", missed,
                      "%d servers, %d states of them; %d more fell between two of %d lists"
                      % (len(seen), found, sum(between), len(lists)))
    # What is told of a server whose status is as before is of another member.
    changes = [(server,) + one for server, its in seen.items() for former, one in zip([(None,)] + its, its)
               if one[1] is not None and one[0] != former[0]]
    widths = sorted(latest - earliest for _, _, earliest, latest in changes)
    report.check_none("each change lies within its bounds",
                      [change for change in changes if not any(
                          visit[0] == change[1] and change[2] - COMMIT <= visit[1] <= change[3]
                          for visit in visits.get(change[0], []))],
                      "%d changes, half of them within %.1f s" % (len(widths), widths[len(widths) // 2] / 1e6))


def lists(audited):
    """When a poller of Dossier asked for the list, and was answered."""
    return [(microseconds(event["eventTime"]), microseconds(event["reporterchain"][0]["reporterTime"]))
            for event in audited if event["requestPath"] == "/v2/share-servers"
            and event["initiator"]["host"].get("agent") == "dossier"]


def gaps(events):
    """Of coverage: when its source says that it did not see."""
    return [(microseconds(event["data"]["from"]), microseconds(event["data"]["until"]))
            for event in events if event["data"]["state"] == "gap"]


def no_secrets(report, places, tokens, passwords):
    """No token and no password stands in any of these files."""
    # Keystone's tokens are Fernet's: version 0x80 and a time of this century, base64.
    fernet = re.compile(rb"gAAAAA[A-Za-z0-9_-]{40,}")
    words = [text.encode() for text in tokens | passwords if text]
    found, bytes, files = [], 0, 0
    for place in places:
        paths = [place] if os.path.isfile(place) else [
            os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names]
        for path in paths:
            with open(path, "rb") as file:
                content = file.read()
            files, bytes = files + 1, bytes + len(content)
            if fernet.search(content):
                found.append((path, "a token"))
            found += [(path, "a secret of %d characters" % len(word)) for word in words if word in content]
    report.check_none("no token and no password anywhere", found,
                      "%d tokens and passwords looked for in %d files, %.1f MB" % (len(words), files, bytes / 1e6))
