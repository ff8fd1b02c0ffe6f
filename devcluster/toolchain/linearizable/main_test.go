package main

import (
	"fmt"
	"strings"
	"testing"
)

// lines makes a history of one key: KIND VALUE START END, with a trailing ? where the outcome is unknown.
func lines(t *testing.T, requests ...string) string {
	t.Helper()
	var text strings.Builder
	for client, request := range requests {
		fields := strings.Fields(request)
		value, unknown := `"`+fields[1]+`"`, ""
		if fields[1] == "-" {
			value = "null"
		}
		if len(fields) == 5 {
			unknown = `,"unknown":true,"error":"timed out"`
		}
		fmt.Fprintf(&text, `{"key":"k","client":%d,"kind":"%s","value":%s,"start":%s,"end":%s,"server":"a1b2c3"%s}`+"\n",
			client, fields[0], value, fields[2], fields[3], unknown)
	}
	return text.String()
}

func TestAcceptsWhatAnOrderExplains(t *testing.T) {
	for name, history := range map[string][]string{
		"one after another":                        {"get - 0 1", "put a 2 3", "get a 4 5", "delete - 6 7", "get - 8 9"},
		"reads while a put is under way":           {"put a 0 1", "put b 2 9", "get a 3 4", "get b 5 6", "get b 10 11"},
		"a put that failed, and happened later":    {"put a 0 1", "put b 2 3 ?", "get a 4 5", "get b 6 7"},
		"a put that failed, and never happened":    {"put a 0 1", "put b 2 3 ?", "get a 4 5", "get a 6 7"},
		"a delete that failed, and happened later": {"put a 0 1", "delete - 2 3 ?", "get a 4 5", "get - 6 7"},
		"a delete that failed, and never happened": {"put a 0 1", "delete - 2 3 ?", "get a 4 5", "get a 6 7"},
		"a read that failed":                       {"put a 0 1", "get - 2 3 ?", "get a 4 5"},
		"many that failed":                         {"put a 0 1", "put b 2 3 ?", "put c 2 3 ?", "delete - 2 3 ?", "delete - 2 3 ?", "get c 4 5", "get - 6 7", "get b 8 9", "get - 10 11"},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts, err := decide(strings.NewReader(lines(t, history...)))
			if err != nil || len(verdicts) != 1 || verdicts[0].Verdict != "linearizable" || len(verdicts[0].Violations) != 0 {
				t.Errorf("%+v, %v", verdicts, err)
			}
			if verdicts[0].Operations != len(history) {
				t.Errorf("%d operations of %d", verdicts[0].Operations, len(history))
			}
		})
	}
}

func TestFindsWhatNoOrderExplains(t *testing.T) {
	for name, one := range map[string]struct {
		history []string
		// Of the reads that cannot be explained: what each finds, and when it was sent.
		found []string
	}{
		"an undone delete":                        {[]string{"put a 0 1", "delete - 2 3", "get - 4 5", "get a 6 7", "get a 8 9"}, []string{"a 6"}},
		"an undone delete that nobody saw":        {[]string{"put a 0 1", "delete - 2 3", "get a 4 5"}, []string{"a 4"}},
		"a stale read":                            {[]string{"put a 0 1", "put b 2 3", "get b 4 5", "get a 6 7", "get b 8 9"}, []string{"a 6"}},
		"a lost put":                              {[]string{"put a 0 1", "put b 2 3", "get a 4 5"}, []string{"a 4"}},
		"a lost first put":                        {[]string{"put a 0 1", "get - 2 3"}, []string{"- 2"}},
		"a delete that failed, and was undone":    {[]string{"put a 0 1", "delete - 2 3 ?", "get - 4 5", "get a 6 7"}, []string{"a 6"}},
		"a put that failed, and was undone":       {[]string{"put a 0 1", "put b 2 3 ?", "get b 4 5", "get a 6 7"}, []string{"a 6"}},
		"what nobody wrote":                       {[]string{"put a 0 1", "get torn 2 3"}, []string{"torn 2"}},
		"what was written only later":             {[]string{"get a 0 1", "put a 2 3"}, []string{"a 0"}},
		"what was written only later, and failed": {[]string{"get a 0 1", "put a 2 3 ?"}, []string{"a 0"}},
		"two of them":                             {[]string{"put a 0 1", "delete - 2 3", "get a 4 5", "put b 6 7", "put c 8 9", "get b 10 11", "get c 12 13"}, []string{"a 4", "b 10"}},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts, err := decide(strings.NewReader(lines(t, one.history...)))
			if err != nil || verdicts[0].Verdict != "violated" {
				t.Fatalf("%+v, %v", verdicts, err)
			}
			var found []string
			for _, violation := range verdicts[0].Violations {
				value := "-"
				if violation.Read.Value != nil {
					value = *violation.Read.Value
				}
				found = append(found, fmt.Sprintf("%s %d", value, violation.Read.Start))
			}
			if fmt.Sprint(found) != fmt.Sprint(one.found) {
				t.Errorf("found %v, wanted %v", found, one.found)
			}
		})
	}
}

func TestTellsWhatWasDoneAround(t *testing.T) {
	history := lines(t, "put a 0 1", "delete - 2 3", "get a 4 5", "get a 6 7", "put b 8 9")
	verdicts, _ := decide(strings.NewReader(history))
	violation := verdicts[0].Violations[0]
	if violation.Again != 1 || len(violation.Around) != 3 || violation.Around[1].Kind != "delete" || violation.Around[1].Server != "a1b2c3" {
		t.Errorf("%+v", violation)
	}
}

func TestRefusesWhatIsNoHistory(t *testing.T) {
	for text, wanted := range map[string]string{
		"":                                 "the history is empty",
		"{}\n":                             "line 1: kind",
		lines(t, "put a 0 1", "put a 2 3"): `"a" is written twice`,
		lines(t, "get - 3 2"):              "line 1: end",
		lines(t, "put - 2 3"):              "line 1: value",
		"{\"kinds\":1}\n":                  "unknown field",
	} {
		if _, err := decide(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
