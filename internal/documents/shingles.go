package documents

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"unicode"
)

// Two texts are compared by their shingles, runs of words, whose sets a MinHash signature stands
// for: Broder, "On the resemblance and containment of documents", 1997. Signatures with an equal
// band are found without comparing all (Leskovec, Rajaraman and Ullman, "Mining of Massive
// Datasets", chapter 3): of texts that share 85 of 100 shingles 94 of 100 pairs, of those that share
// half 9.
const (
	shingle = 4 // words
	bands   = 6
	rows    = 6 // of a band

	// sameStory is how many places of two signatures must be equal for their texts to tell the
	// same: about 7 shingles of 10.
	sameStory = 25
	// sameSubstance is how many must be for a text to have changed in no substance: about 85
	// shingles of 100.
	sameSubstance = 31
)

// signature is what the words of a text come to. Bands of it are compared as a whole.
type signature [bands * rows]uint32

// ownWords is how many words a text must have to be told by them alone. Shorter ones, such as a
// notice that a page cannot be shown, are told by their titles too.
const ownWords = 30

// signatureOf returns the signature of a text. Case, marks and numbers do not count, so that a
// counter of visits changes nothing. A text with fewer words than a shingle is one shingle.
func signatureOf(title, text string) signature {
	var s signature
	for i := range s {
		s[i] = math.MaxUint32
	}
	words := wordsOf(text)
	if len(words) < ownWords {
		words = append(wordsOf(title), words...)
	}
	for i := range max(len(words)-shingle, 0) + 1 {
		sum := fnv.New64a()
		for _, w := range words[i:min(i+shingle, len(words))] {
			_, _ = sum.Write([]byte(w)) // never fails
			_, _ = sum.Write([]byte{' '})
		}
		s.add(sum.Sum64())
	}
	return s
}

// wordsOf returns the words of a text in lower case, without marks and numbers.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}

// add takes in a shingle: each place keeps the least of all shingles in an order of its own.
func (s *signature) add(sum uint64) {
	for i := range s {
		s[i] = min(s[i], uint32(mixed(sum+uint64(i)*0x9e3779b97f4a7c15)>>32))
	}
}

// mixed is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014).
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// String returns the signature as Redis keeps it: 8 digits for each place.
func (s signature) String() string {
	var bytes []byte
	for _, v := range s {
		bytes = binary.BigEndian.AppendUint32(bytes, v)
	}
	return hex.EncodeToString(bytes)
}

// band returns a name for one band.
func (s signature) band(i int) string {
	const size = rows * 8
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(s.String()[i*size : (i+1)*size])) // never fails
	return fmt.Sprintf("%d:%016x", i, sum.Sum64())
}

// alike returns how many places of two signatures, as Redis keeps them, are equal.
func alike(a, b string) int {
	n := 0
	for i := 0; i+8 <= len(a) && i+8 <= len(b); i += 8 {
		if a[i:i+8] == b[i:i+8] {
			n++
		}
	}
	return n
}

// firstShared returns the first band that two signatures, as Redis keeps them, have in common, -1 if
// there is none.
func firstShared(a, b string) int {
	const size = rows * 8
	for i := 0; i < bands && (i+1)*size <= min(len(a), len(b)); i++ {
		if a[i*size:(i+1)*size] == b[i*size:(i+1)*size] {
			return i
		}
	}
	return -1
}
