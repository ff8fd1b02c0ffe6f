// Command linearizable decides whether what clients did at the same time on objects of a bucket is as if each request had happened
// at one moment between its start and its end. The decision is that of Porcupine, for each key by itself.
//
// It reads a history, one request a line, from standard input and writes one verdict a line, both as JSON: see operation and verdict.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// An operation is one request: no client may have tried it again.
type operation struct {
	Key    string `json:"key"`
	Client int    `json:"client"`
	// put, get or delete.
	Kind string `json:"kind"`
	// What a put writes, which no other writes, or a get finds; null where it finds no object, and of a delete.
	Value *string `json:"value"`
	// When it was sent and answered, in microseconds.
	Start int64 `json:"start"`
	End   int64 `json:"end"`
	// It failed or was not answered: a put or delete may have happened, and may happen at any time later.
	Unknown bool `json:"unknown,omitempty"`
	// Which server answered.
	Server string `json:"server,omitempty"`
	Error  string `json:"error,omitempty"`
}

// A verdict tells of one key.
type verdict struct {
	Key        string `json:"key"`
	Operations int    `json:"operations"`
	// linearizable, violated, or undecided when the time was over.
	Verdict    string      `json:"verdict"`
	Violations []violation `json:"violations,omitempty"`
}

// A violation is a read that no order explains, though one explains everything that was answered before it.
type violation struct {
	Read operation `json:"read"`
	// Further reads that found the same, and cannot be explained either.
	Again int `json:"again"`
	// Everything on the key that was under way in the time before.
	Around []operation `json:"around"`
}

// How long to think about each question on a key.
const patience = 20 * time.Second

// How much of what happened before belongs to a violation, in microseconds.
const aroundMicroseconds = 1_500_000

// absent is the value of a key without an object.
const absent = "\x00"

func main() {
	verdicts, err := decide(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	for _, one := range verdicts {
		line, err := json.Marshal(one)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}

func decide(history io.Reader) ([]verdict, error) {
	byKey := map[string][]operation{}
	lines := bufio.NewScanner(history)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		var one operation
		parser := json.NewDecoder(strings.NewReader(lines.Text()))
		parser.DisallowUnknownFields()
		if err := parser.Decode(&one); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if err := one.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		byKey[one.Key] = append(byKey[one.Key], one)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(byKey) == 0 {
		return nil, fmt.Errorf("the history is empty")
	}
	var verdicts []verdict
	for key, operations := range byKey {
		written := map[string]bool{}
		for _, one := range operations {
			if one.Kind == "put" && written[*one.Value] {
				return nil, fmt.Errorf("key %s: %q is written twice", key, *one.Value)
			}
			if one.Kind == "put" {
				written[*one.Value] = true
			}
		}
		verdicts = append(verdicts, decideKey(key, operations))
	}
	slices.SortFunc(verdicts, func(a, b verdict) int { return strings.Compare(a.Key, b.Key) })
	return verdicts, nil
}

func (o operation) check() error {
	switch {
	case o.Kind != "put" && o.Kind != "get" && o.Kind != "delete":
		return fmt.Errorf("kind: %q is not allowed: use put, get or delete", o.Kind)
	case o.Kind == "put" && o.Value == nil:
		return fmt.Errorf("value: a put needs one")
	case o.End < o.Start:
		return fmt.Errorf("end: %d is before the start", o.End)
	}
	return nil
}

// decideKey tells each read that cannot be explained, and leaves it out to find the next one.
func decideKey(key string, operations []operation) verdict {
	slices.SortStableFunc(operations, func(a, b operation) int { return int(a.End - b.End) })
	result := verdict{Key: key, Operations: len(operations), Verdict: "linearizable"}
	rest := slices.Clone(operations)
	for {
		index, decided := firstUnexplained(rest)
		if !decided {
			result.Verdict = "undecided"
			return result
		}
		if index < 0 {
			return result
		}
		result.Verdict = "violated"
		read := rest[index]
		rest = slices.Delete(rest, index, index+1)
		result.add(read, operations)
	}
}

func (v *verdict) add(read operation, operations []operation) {
	if last := len(v.Violations) - 1; last >= 0 && read.found() == v.Violations[last].Read.found() {
		v.Violations[last].Again++
		return
	}
	around := []operation{}
	for _, one := range operations {
		isLater := one.Start > read.End
		isOver := !one.Unknown && one.End < read.Start-aroundMicroseconds
		if !isLater && !isOver {
			around = append(around, one)
		}
	}
	slices.SortFunc(around, func(a, b operation) int { return int(a.Start - b.Start) })
	v.Violations = append(v.Violations, violation{Read: read, Around: around})
}

func (o operation) found() string {
	if o.Value == nil {
		return absent
	}
	return *o.Value
}

// firstUnexplained returns the index of the first answer, in the order of answers, with which the history is not linearizable; -1
// where there is none. What had no answer by then was open, so that every beginning of a linearizable history is linearizable.
func firstUnexplained(operations []operation) (index int, decided bool) {
	ok, decided := isLinearizable(operations, len(operations)-1)
	if ok || !decided {
		return -1, decided
	}
	// The beginning up to low is linearizable, that up to high is not.
	low, high := -1, len(operations)-1
	for high-low > 1 {
		middle := (low + high) / 2
		ok, decided := isLinearizable(operations, middle)
		if !decided {
			return -1, false
		}
		if ok {
			low = middle
		} else {
			high = middle
		}
	}
	return high, true
}

// isLinearizable looks at the history as it was when the operation of the index last was answered.
func isLinearizable(operations []operation, last int) (ok, decided bool) {
	until := operations[last].End
	// When each value was certainly written: a get that found it was answered.
	known := map[string]int64{}
	for _, one := range operations[:last+1] {
		if one.Kind == "get" && !one.Unknown && one.Value != nil {
			if seen, is := known[*one.Value]; !is || one.End < seen {
				known[*one.Value] = one.End
			}
		}
	}
	var history []porcupine.Operation
	for index, one := range operations {
		if one.Start > until {
			continue
		}
		end := one.End
		if isOpen := one.Unknown || index > last; isOpen {
			if one.Kind == "get" {
				continue // It tells nothing.
			}
			end = math.MaxInt64
			if one.Kind == "put" {
				// One that nobody has seen may happen at the very end, which changes nothing; another before it was seen.
				seen, is := known[*one.Value]
				if !is {
					continue
				}
				end = max(seen, one.Start)
			}
		}
		history = append(history, porcupine.Operation{ClientId: one.Client, Input: one, Call: one.Start, Return: end})
	}
	switch porcupine.CheckOperationsTimeout(register, history, patience) {
	case porcupine.Ok:
		return true, true
	case porcupine.Illegal:
		return false, true
	}
	return false, false
}

// register is what an object is to its clients: it is absent at first, and then as the last put or delete left it.
var register = porcupine.Model{
	Init: func() any { return absent },
	Step: func(state, input, _ any) (bool, any) {
		switch one := input.(operation); one.Kind {
		case "put":
			return true, *one.Value
		case "delete":
			return true, absent
		default:
			return state == one.found(), state
		}
	},
	DescribeOperation: func(input, _ any) string { return input.(operation).Kind },
}
