"""Verifies proofs with the standard library of Python and openssl.

It shares no code with Jobledger: it was written from docs/proof.md, docs/ledger-format.md and the
specifications of C2SP.
It reads one question per line, as JSON, and prints one answer per line: {"ok": ...} or
{"error": "..."}.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile

from leaves import leaf_data

# The bytes in front of a raw Ed25519 key in DER: RFC 8410, section 4.
SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")


class Invalid(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return sha256(b"\x00" + data)


def from_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid("base64") from error
    # Python accepts trailing bits that are not zero.
    if base64.b64encode(data).decode() != text:
        raise Invalid("base64")
    return data


def decimal(text):
    if not re.fullmatch(r"0|[1-9][0-9]*", text, re.ASCII):
        raise Invalid("number")
    return int(text)


def read_key(vkey):
    """The name, the id and the raw key of a verifier key."""
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise Invalid("verifier key")
    name, key_id, encoded = parts
    material = from_base64(encoded)
    if not is_name(name) or len(material) != 33 or material[0] != 1:
        raise Invalid("verifier key")
    if sha256(name.encode() + b"\n" + material)[:4].hex() != key_id:
        raise Invalid("id of the verifier key")
    return name, key_id, material[1:]


def is_name(name):
    return name != "" and "+" not in name and not any(c.isspace() for c in name)


verified = {}


def is_signed(key, text, signature):
    """Asks openssl, once for each text."""
    question = (key, text, signature)
    if question not in verified:
        with tempfile.TemporaryDirectory() as folder:
            files = {"key": SPKI_PREFIX + key, "text": text, "signature": signature}
            for name, data in files.items():
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(data)
            command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
            result = subprocess.run(command.split(), cwd=folder, capture_output=True, check=False)
            verified[question] = result.returncode == 0
    return verified[question]


def open_note(note, vkey):
    """The text of a note that the key signed."""
    known = read_key(vkey)
    if any(c < " " and c != "\n" for c in note):
        raise Invalid("control character")
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise Invalid("note")
    text += "\n"
    is_verified = False
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"— ([^ ]+) (.+)", line)
        if not match or not is_name(match[1]):
            raise Invalid("signature line")
        signature = from_base64(match[2])
        if len(signature) < 5:
            raise Invalid("signature line")
        if (match[1], signature[:4].hex()) != known[:2]:
            continue
        if not is_signed(known[2], text.encode(), signature[4:]):
            raise Invalid("signature")
        is_verified = True
    if not is_verified:
        raise Invalid("no signature by the key")
    return text


def open_checkpoint(note, vkey, origin):
    """The size and the root of a checkpoint of this origin."""
    lines = open_note(note, vkey).split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise Invalid("checkpoint")
    if lines[0] != origin:
        raise Invalid("another origin")
    root = from_base64(lines[2])
    if len(root) != 32:
        raise Invalid("root")
    return decimal(lines[1]), root


def split(size):
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(index, size, leaf, path):
    """RFC 6962, section 2.1.1, from the root down: the last hash is the child of the root."""
    if size == 1:
        if path:
            raise Invalid("too many hashes")
        return leaf
    if not path:
        raise Invalid("too few hashes")
    left = split(size)
    if index < left:
        return sha256(b"\x01" + root_of(index, left, leaf, path[:-1]) + path[-1])
    return sha256(b"\x01" + path[-1] + root_of(index - left, size - left, leaf, path[:-1]))


def verify_proof(proof, leaf, vkey, origin):
    """Verifies a proof (tlog-proof), and returns the size of its checkpoint."""
    head, separator, note = proof.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Invalid("proof")
    if lines and lines[0].startswith("extra "):
        if not from_base64(lines.pop(0)[len("extra ") :]):
            raise Invalid("extra data")
    if not lines or not lines[0].startswith("index "):
        raise Invalid("index")
    index = decimal(lines.pop(0)[len("index ") :])
    path = [from_base64(line) for line in lines]
    if any(len(hash_) != 32 for hash_ in path):
        raise Invalid("hash")
    size, root = open_checkpoint(note, vkey, origin)
    if index >= size:
        raise Invalid("index")
    if root_of(index, size, leaf, path) != root:
        raise Invalid("root")
    return size


def answer(question):
    if question["ask"] == "leaf":
        data = leaf_data(json.loads(question["record"]))
        return {"data": data.hex(), "hash": leaf_hash(data).hex()}
    if question["ask"] == "proof":
        leaf = bytes.fromhex(question["leafHash"])
        return verify_proof(question["proof"], leaf, question["vkey"], question["origin"])
    raise ValueError(question["ask"])


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    for line in sys.stdin:
        try:
            result = {"ok": answer(json.loads(line))}
        except Invalid as error:
            result = {"error": str(error)}
        print(json.dumps(result))


if __name__ == "__main__":
    main()
