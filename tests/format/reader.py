"""Reads an index by what docs/format.md says, and prints it as JSON, from standard input. Needs `zstandard` and `xxhash`."""

import json
import struct
import sys

import xxhash
import zstandard

HEADER = b"\x93SKT\r\n\x1a\n"
SECTIONS = ["tests", "files", "units", "sets", "identifiers", "rules", "meta", "directory", "variables", "unkept"]
OUTCOMES = ["passed", "skipped", "flaky", "timed out", "failed"]
PROBLEMS = [
    "truncated profile", "killed process", "missing binary", "foreign profile",
    "nothing executed", "unstable footprint", "order dependent", "opaque",
]
KINDS = ["function", "item", "remainder", "file", "package"]


class Damaged(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Damaged(what)


class Payload:
    def __init__(self, data):
        self.data, self.at, self.text_length = data, 0, 0

    def raw(self, length):
        need(self.at + length <= len(self.data), "it ends early")
        self.at += length
        return self.data[self.at - length : self.at]

    def byte(self):
        return self.raw(1)[0]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                need(byte or not shift, "a padded number")
                need(value < 1 << 64, "a large number")
                return value
            shift += 7

    def signed(self):
        value = self.number()
        return -(value + 1) // 2 if value & 1 else value // 2

    def text(self, before):
        """Takes and returns bytes: what is shared may end inside a character."""
        budget = 256 * self.at + 1_048_576
        shared, more = self.number(), self.number()
        need(shared <= len(before), "a text shares too much")
        text = before[:shared] + self.raw(more)
        self.text_length += len(text)
        need(shared == 0 or self.text_length <= budget, "texts beyond the budget")
        return text

    def set(self, limit):
        length, form = divmod(self.number(), 4)
        inner = Payload(self.raw(length))
        members, end = [], 0
        if form == 2:
            members = roaring(inner)
        need(form < 3, "an unknown form of set")
        while form < 2 and not inner.done():
            start = end + inner.number()
            end = start + 1 + (inner.number() if form == 1 else 0)
            need(end <= limit, "a set has a member that is not there")
            members.extend(range(start, end))
        need(inner.done(), "a set has more than it says")
        need(not members or members[-1] < limit, "a set has a member that is not there")
        return members

    def done(self):
        return self.at == len(self.data)

    def end(self):
        need(self.done(), "it has more than it announces")


def roaring(payload):
    (cookie,) = struct.unpack("<I", payload.raw(4))
    runs = b""
    if cookie & 0xFFFF == 12347:
        n_containers = (cookie >> 16) + 1
        runs = payload.raw((n_containers + 7) // 8)
        has_offsets = n_containers >= 4
    else:
        need(cookie == 12346, "not a roaring bitmap")
        (n_containers,) = struct.unpack("<I", payload.raw(4))
        has_offsets = True
    heads = [struct.unpack("<HH", payload.raw(4)) for _ in range(n_containers)]
    if has_offsets:
        payload.raw(4 * n_containers)
    members = []
    for at, (key, cardinality) in enumerate(heads):
        high = key << 16
        if runs and runs[at // 8] >> at % 8 & 1:
            (n_runs,) = struct.unpack("<H", payload.raw(2))
            for _ in range(n_runs):
                start, more = struct.unpack("<HH", payload.raw(4))
                members.extend(range(high + start, high + start + more + 1))
        elif cardinality + 1 <= 4096:
            members.extend(high + low for (low,) in struct.iter_unpack("<H", payload.raw(2 * (cardinality + 1))))
        else:
            bits = int.from_bytes(payload.raw(8192), "little")
            members.extend(high + low for low in range(65536) if bits >> low & 1)
    need(members == sorted(set(members)), "an unsorted bitmap")
    return members


def unpack(packed, size, checksum):
    need(xxhash.xxh3_64_intdigest(packed) == checksum, "a checksum does not match")
    need(size <= 268_435_456, "a frame is too large")
    data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(size, 1))
    need(len(data) == size, "a frame has another size")
    return data


def frames(file):
    """Returns the payloads of each section by its name."""
    need(file[:8] == HEADER, "not an index")
    trailer = file[-40:]
    offset, packed, size, checksum, version, readable_from, _, own = struct.unpack("<QIIQHHIQ", trailer)
    need(xxhash.xxh3_64_intdigest(trailer[:32]) == own, "the trailer is damaged")
    need(readable_from <= 2, "too new")
    need(version >= 1, "too old")
    need(offset + packed + 40 == len(file), "another size than when it was written")
    footer = Payload(unpack(file[offset : offset + packed], size, checksum))
    sections, at = {}, 8
    while not footer.done():
        code, required, n_frames = footer.byte(), footer.byte(), footer.number()
        known = 1 <= code <= len(SECTIONS)
        need(known or not required, "too new")
        payloads = []
        for _ in range(n_frames):
            packed, size = footer.number(), footer.number()
            (checksum,) = struct.unpack("<Q", footer.raw(8))
            if known:
                payloads.append(Payload(unpack(file[at : at + packed], size, checksum)))
            at += packed
        if known:
            need(SECTIONS[code - 1] not in sections, "a section is there twice")
            sections[SECTIONS[code - 1]] = payloads
    need(at == offset, "bytes that belong to no frame")
    need(set(SECTIONS) - {"variables", "unkept"} <= set(sections), "a section is missing")
    return sections


def key(payload, jobs, before):
    job, suite, name = payload.number(), payload.text(before[1]), payload.text(before[2])
    return jobs[job], suite, name


def check_unkept(payload, files, kind):
    """What the section says has to be what the files say."""
    paths, before = [], b""
    for _ in range(payload.number()):
        paths.append((before := payload.text(before)).decode())
    codes = [payload.byte() for _ in paths]
    prints = ["%032x" % int.from_bytes(payload.raw(16), "little") if code == 3 else None for code in codes]
    payload.end()
    said = list(zip(paths, codes, prints))
    there = []
    for file in files:
        units = file["units"]
        if file["blob"] is not None:
            continue
        told, code, fingerprint = not kind.endswith("package"), 0, None
        if not units:
            code = 1 if told and file["seen"] else 2
        elif len(units) == 1 and units[0]["name"] == "/":
            if told and units[0]["kind"] == "file":
                fingerprint = units[0]["fingerprint"]
            code = 3 if fingerprint else 4
        there.append((file["path"], code, fingerprint))
    need(said == there, "files without a blob are others than it says")


def in_blocks(total, size):
    return [min(size, total - first) for first in range(0, total, size)]


def read(file):
    sections = frames(file)
    meta = json.loads(sections["meta"][0].data)
    counts = meta["counts"]
    jobs = [job["job"] for job in meta["jobs"]]

    directory = sections["directory"][0]
    index = {
        "kind": meta["kind"],
        "recordings": meta["recordings"],
        "expected": meta["expected"],
        "jobs": [[job["job"], job["first_test"], job["tests"]] for job in meta["jobs"]],
        "provable": directory.set(counts["tests"]),
        "baselines": directory.set(counts["tests"]),
    }
    test_heads, before = [], ("", b"", b"")
    for _ in range(directory.number()):
        test_heads.append(before := key(directory, jobs, before))
    file_heads, before = [], b""
    for _ in range(directory.number()):
        file_heads.append(before := directory.text(before))
    unit_blocks = [[directory.number() for _ in range(3)] for _ in range(directory.number())]
    set_blocks = [directory.number() for _ in range(directory.number())]
    identifier_blocks = [[directory.number() for _ in range(2)] for _ in range(directory.number())]
    directory.end()

    pool = []
    for payload, n_sets in zip(sections["sets"], set_blocks, strict=True):
        pool.extend(payload.set(counts["tests"]) for _ in range(n_sets))
        payload.end()
    need(len(pool) == counts["pool_sets"], "the pool has another size")

    index["tests"] = []
    for payload, n_tests, head in zip(
        sections["tests"], in_blocks(counts["tests"], 512), test_heads, strict=True
    ):
        keys, before = [], ("", b"", b"")
        for _ in range(n_tests):
            keys.append(before := key(payload, jobs, before))
        need(keys[0] == head, "not the block that the directory says")
        outcomes = [payload.byte() for _ in keys]
        health = [payload.number() for _ in keys]
        durations = [payload.number() for _ in keys]
        recordings = [payload.number() for _ in keys]
        payload.end()
        for (job, suite, name), outcome, problems, duration, recording in zip(
            keys, outcomes, health, durations, recordings
        ):
            index["tests"].append({
                "job": job,
                "suite": suite.decode(),
                "name": name.decode(),
                "outcome": OUTCOMES[outcome & 15],
                "role": ["test", "baseline"][outcome >> 4],
                "problems": [name for at, name in enumerate(PROBLEMS) if problems >> at & 1],
                "duration": duration,
                "recording": recording,
            })

    files = []
    for payload, n_files, head in zip(
        sections["files"], in_blocks(counts["files"], 128), file_heads, strict=True
    ):
        block, before = [], b""
        for _ in range(n_files):
            block.append({"path": (before := payload.text(before)).decode()})
        need(block[0]["path"].encode() == head, "not the block that the directory says")
        for record in block:
            record["recording"] = payload.number()
        for record in block:
            for name in ["seen", "compiled", "opened"]:
                record[name] = pool[payload.number()]
        for record in block:
            record["blob"] = payload.raw(payload.byte()).hex() or None
        payload.end()
        files += block
    index["files"] = files

    units, first_file = [], 0
    for payload, (n_files, n_units, n_own) in zip(sections["units"], unit_blocks, strict=True):
        sizes = [payload.number() for _ in range(n_files)]
        need(sum(sizes) == n_units, "another number of units")
        heads = [payload.byte() for _ in range(n_units)]
        block, before = [], b""
        for head in heads:
            before = payload.text(before)
            block.append({"kind": KINDS[head & 7], "name": before.decode(), "lines": None, "fingerprint": None})
        line = 0
        for unit, head in zip(block, heads):
            if head & 8:
                line += payload.signed()
                unit["lines"] = [line, line + payload.number()]
        for name in ["seen", "own", "shared"]:
            for unit in block:
                unit[name] = payload.number()
        for unit, head in zip(block, heads):
            if head & 16:
                unit["fingerprint"] = "%032x" % int.from_bytes(payload.raw(16), "little")
        own = [payload.set(counts["tests"]) for _ in range(n_own)]
        payload.end()
        for unit in block:
            unit["identifiers"] = []
            for name in ["seen", "own", "shared"]:
                place, is_own = divmod(unit[name], 2)
                unit[name] = (own if is_own else pool)[place]
        units += block
        rest = iter(block)
        for record, size in zip(files[first_file:], sizes):
            record["units"] = [next(rest) for _ in range(size)]
        first_file += n_files
    need(first_file == counts["files"] and len(units) == counts["units"], "counts do not add up")

    for payload in sections.get("unkept", []):
        check_unkept(payload, files, meta["kind"])

    first = 0
    for payload, (step, n_identifiers) in zip(sections["identifiers"], identifier_blocks, strict=True):
        first += step
        identifier = first
        for _ in range(n_identifiers):
            identifier += payload.number()
            for unit in payload.set(counts["units"]):
                units[unit]["identifiers"].append(identifier)
        payload.end()

    (payload,) = sections["rules"]
    index["rules"], before = [], b""
    for _ in range(payload.number()):
        job, flags, before = jobs[payload.number()], payload.byte(), payload.text(before)
        index["rules"].append({
            "job": job,
            "pattern": before.decode(),
            "glob": bool(flags & 1),
            "all": bool(flags & 2),
            "tests": pool[payload.number()],
            "seen": pool[payload.number()],
        })
    payload.end()

    index["variables"] = []
    for payload in sections.get("variables", []):
        before = b""
        names = [before := payload.text(before) for _ in range(payload.number())]
        was_set = [payload.byte() for _ in names]
        tests = [payload.number() for _ in names]
        for name, is_set, number in zip(names, was_set, tests):
            value = "%032x" % int.from_bytes(payload.raw(16), "little") if is_set else None
            index["variables"].append({"name": name.decode(), "value": value, "tests": pool[number]})
        payload.end()
    return index


if __name__ == "__main__":
    try:
        json.dump(read(sys.stdin.buffer.read()), sys.stdout)
    except Damaged as damage:
        sys.exit(f"damaged: {damage}")
