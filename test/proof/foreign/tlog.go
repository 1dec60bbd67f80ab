// Command tlog answers questions about Merkle trees and signed notes with golang.org/x/mod/sumdb,
// which shares no code with Jobledger. It reads one question per line, as JSON, and prints one
// answer per line: {"ok": ...} or {"error": "..."}.
//
// The leaves of its tree are the decimal texts of their indexes.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type question struct {
	Ask    string
	Size   int64
	Old    int64
	Index  int64
	Path   []tlog.Hash
	Root   tlog.Hash
	Hash   tlog.Hash
	Level  int
	Width  int
	Name   string
	Key    string
	Text   string
	Number int64
}

// stored has the hashes of the tree in the order of tlog.StoredHashIndex.
var stored []tlog.Hash

var leaves int64

var reader = tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		if index >= int64(len(stored)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[at] = stored[index]
	}
	return hashes, nil
})

func grow(size int64) error {
	for ; leaves < size; leaves++ {
		added, err := tlog.StoredHashes(leaves, []byte(strconv.FormatInt(leaves, 10)), reader)
		if err != nil {
			return err
		}
		stored = append(stored, added...)
	}
	return nil
}

func answer(q question) (interface{}, error) {
	if err := grow(q.Size); err != nil {
		return nil, err
	}
	switch q.Ask {
	case "root":
		return tlog.TreeHash(q.Size, reader)
	case "inclusion":
		return tlog.ProveRecord(q.Size, q.Index, reader)
	case "consistency":
		return tlog.ProveTree(q.Size, q.Old, reader)
	case "tile":
		return tlog.ReadTileData(tlog.Tile{H: height, L: q.Level, N: q.Index, W: q.Width}, reader)
	case "path":
		return tlog.Tile{H: height, L: q.Level, N: q.Index, W: q.Width}.Path(), nil
	case "tiles":
		paths := []string{}
		for _, tile := range tlog.NewTiles(height, q.Old, q.Size) {
			paths = append(paths, tile.Path())
		}
		return paths, nil
	}
	return check(q)
}

func check(q question) (interface{}, error) {
	switch q.Ask {
	case "check inclusion":
		return true, tlog.CheckRecord(q.Path, q.Number, q.Root, q.Index, q.Hash)
	case "check consistency":
		return true, tlog.CheckTree(q.Path, q.Number, q.Root, q.Old, q.Hash)
	case "generate":
		private, public, err := note.GenerateKey(rand.Reader, q.Name)
		return []string{private, public}, err
	case "sign":
		signer, err := note.NewSigner(q.Key)
		if err != nil {
			return nil, err
		}
		signed, err := note.Sign(&note.Note{Text: q.Text}, signer)
		return string(signed), err
	case "open":
		verifier, err := note.NewVerifier(q.Key)
		if err != nil {
			return nil, err
		}
		opened, err := note.Open([]byte(q.Text), note.VerifierList(verifier))
		if err != nil {
			return nil, err
		}
		return opened.Text, nil
	}
	return nil, fmt.Errorf("unknown question %q", q.Ask)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		var q question
		err := json.Unmarshal(lines.Bytes(), &q)
		var ok interface{}
		if err == nil {
			ok, err = answer(q)
		}
		if err != nil {
			encoder.Encode(map[string]string{"error": err.Error()})
		} else {
			encoder.Encode(map[string]interface{}{"ok": ok})
		}
	}
}
