"""A monitor of a ledger: python3 monitor.py URL VKEY FILE

Reads the checkpoint at URL/checkpoint, and verifies that it is signed by the key, that its origin
is the name of the key, and that its tree begins with the tree of the last checkpoint, which it
keeps in FILE. Run it at intervals, outside of the reach of who operates the ledger.

Exit code 0: the history is intact. 1: it was changed, or the operator shows two. 2: not known.
"""

import os
import sys
import urllib.error
import urllib.request

from verify import Invalid, open_checkpoint, sha256, split


class Tiles:
    """The hashes of a tree of this size, from the tiles of tlog-tiles."""

    def __init__(self, url, size):
        self.url, self.size, self.read = url, size, {}

    def hash_of(self, start, end):
        """The root of the leaves from start up to end. Start is a multiple of a larger power of two."""
        count = end - start
        if count & (count - 1):
            middle = start + split(count)
            return node(self.hash_of(start, middle), self.hash_of(middle, end))
        height = count.bit_length() - 1
        level = height // 8
        hashes = self.tile(level, start >> 8 * (level + 1))
        # The hashes of the tile that are below the subtree.
        width = 1 << (height - 8 * level)
        first = (start >> 8 * level) % 256
        below = [hashes[32 * at : 32 * at + 32] for at in range(first, first + width)]
        while len(below) > 1:
            below = [node(*below[at : at + 2]) for at in range(0, len(below), 2)]
        return below[0]

    def tile(self, level, index):
        if (level, index) not in self.read:
            width = min((self.size >> 8 * level) - 256 * index, 256)
            partial = f".p/{width}" if width < 256 else ""
            data = fetch(f"{self.url}/tile/{level}/{path_element(index)}{partial}")
            if len(data) != 32 * width:
                raise Invalid(f"a tile of {len(data)} bytes instead of {32 * width}")
            self.read[(level, index)] = data
        return self.read[(level, index)]


def path_element(index):
    """1234067 becomes x001/x234/067."""
    last = f"{index % 1000:03}"
    return f"{leading_elements(index // 1000)}{last}"


def leading_elements(index):
    return f"{leading_elements(index // 1000)}x{index % 1000:03}/" if index else ""


def node(left, right):
    return sha256(b"\x01" + left + right)


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()


def path_of(old, start, end, is_whole, tiles):
    """SUBPROOF of RFC 6962, section 2.1.2, for the leaves from start up to end."""
    size = end - start
    if old == size:
        return [] if is_whole else [tiles.hash_of(start, end)]
    left = split(size)
    if old <= left:
        return path_of(old, start, start + left, is_whole, tiles) + [tiles.hash_of(start + left, end)]
    return path_of(old - left, start + left, end, False, tiles) + [tiles.hash_of(start, start + left)]


def roots_of(old, size, is_whole, old_root, path):
    """The roots of the old and the new tree that follow from a path."""
    if old == size:
        if is_whole:
            return old_root, old_root
        return path[0], path[0]
    left = split(size)
    if old <= left:
        old_hash, new_hash = roots_of(old, left, is_whole, old_root, path[:-1])
        return old_hash, node(new_hash, path[-1])
    old_hash, new_hash = roots_of(old - left, size - left, False, old_root, path[:-1])
    return node(path[-1], old_hash), node(path[-1], new_hash)


def require_consistent(old, new, url):
    (old_size, old_root), (size, root) = old, new
    if size < old_size:
        raise Invalid(f"the ledger went back from {old_size} to {size} leaves")
    if size == old_size or old_size == 0:
        if size == old_size and root != old_root:
            raise Invalid(f"two roots of {size} leaves")
        return
    path = path_of(old_size, 0, size, True, Tiles(url, size))
    if roots_of(old_size, size, True, old_root, path) != (old_root, root):
        raise Invalid(f"the {size} leaves do not begin with the {old_size} of the last checkpoint")


def keep(note, file):
    """Replaces the file at once, so that a crash leaves one of the two checkpoints."""
    with open(f"{file}.new", "w", encoding="utf-8") as written:
        written.write(note)
        written.flush()
        os.fsync(written.fileno())
    os.replace(f"{file}.new", file)


def monitor(url, vkey, file):
    origin = vkey.split("+")[0]
    note = fetch(f"{url}/checkpoint").decode()
    new = open_checkpoint(note, vkey, origin)
    if os.path.exists(file):
        with open(file, encoding="utf-8") as kept:
            require_consistent(open_checkpoint(kept.read(), vkey, origin), new, url)
    keep(note, file)
    return new[0]


def main():
    try:
        print(f"intact: {monitor(*sys.argv[1:])} leaves")
    except Invalid as error:
        print(f"BROKEN: {error}")
        sys.exit(1)
    except (OSError, ValueError) as error:
        print(f"not known: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
