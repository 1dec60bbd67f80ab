"""The leaves of records, written from docs/ledger-format.md and not from the source of Jobledger.

A record is JSON with the columns of its row, as in the test vectors of that page: JSON columns as
the text that PostgreSQL prints, instants in UTC with up to six decimals, bytes in hexadecimal
after a backslash and an x. A first record has its job.
"""

import hashlib
import re
import uuid
from datetime import datetime, timedelta

EPOCH = datetime(2000, 1, 1)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def i32(number):
    return number.to_bytes(4, "big", signed=True)


def i64(number):
    return number.to_bytes(8, "big", signed=True)


def uuid_bytes(text):
    return uuid.UUID(text).bytes


def instant(text):
    match = re.fullmatch(r"(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", text)
    seconds = (datetime.fromisoformat(match[1]) - EPOCH) // timedelta(seconds=1)
    return i64(seconds * 1_000_000 + int((match[2] or "").ljust(6, "0")))


def hexadecimal(text):
    return bytes.fromhex(text.removeprefix("\\x"))


def value(given, bytes_of=str.encode):
    if given is None:
        return i32(-1)
    data = bytes_of(given)
    return i32(len(data)) + data


def state_data(record):
    data = [
        b"JLS1",
        i64(record["id"]),
        i64(record["transaction_id"]),
        uuid_bytes(record["job_id"]),
        i32(record["sequence"]),
        value(record["previous_state"]),
        value(record["new_state"]),
        value(record["actor"]),
        value(record["database_role"]),
        instant(record["timestamp"]),
        value(record["previous_state_duration_ms"], i64),
        value(record["previous_run_at"], instant),
        value(record["run_at"], instant),
        sha256(
            value(record["salt"], uuid_bytes),
            value(record["reason"]),
            value(record["error"]),
            value(record["state_metadata"]),
        ),
    ]
    if record["sequence"] == 1:
        data += job_data(record["job"])
    return b"".join(data)


def job_data(job):
    salt = value(job["salt"], uuid_bytes)
    return [
        value(job["user_id"]),
        value(job["preset"]),
        value(job["idempotency_key"]),
        value(job["request_hash"], hexadecimal),
        i32(job["priority"]),
        i32(job["max_attempts"]),
        sha256(salt, value(job["content"])),
        sha256(salt, value(job["metadata"])),
    ]


def result_data(record):
    return b"".join(
        [
            b"JLR1",
            i64(record["id"]),
            i64(record["transaction_id"]),
            uuid_bytes(record["job_id"]),
            i32(record["revision"]),
            value(record["status"]),
            value(record["processing_time_ms"], i32),
            value(record["actor"]),
            value(record["database_role"]),
            instant(record["timestamp"]),
            sha256(
                value(record["salt"], uuid_bytes),
                value(record["output"]),
                value(record["error_message"]),
            ),
        ]
    )


def leaf_data(record):
    """The bytes of the leaf of a record of a state or of a result."""
    return state_data(record) if "sequence" in record else result_data(record)
