// A signalbox worker in Go: runs jobs of one type, one at a time. The rules are in ../worker-protocol.md. When in doubt it
// ends, and with it all that it runs: whoever starts it (systemd, say) should start it again.
//
//	go run worker.go nats://127.0.0.1:4222 TYPE [NAMESPACE]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// The job itself: put yours here. Whatever takes long looks at ctx, and ends when it is done.
func work(ctx context.Context, params map[string]any) (any, error) {
	seconds, _ := params["seconds"].(float64)
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return object{"text": strings.ToUpper(fmt.Sprint(params["text"]))}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type object = map[string]any
type attempt struct {
	Job   string `json:"job"`
	Grant int64  `json:"grant"`
}
type order struct {
	attempt
	Epoch  int64
	Params object
}
type lease struct {
	Epoch            int64
	Ledger           string
	LeaseMs, RenewMs int64
	Abort            []attempt
}

var nc *nats.Conn
var subjects, name string

// The code of the answer, as in worker-protocol.md, or 200; 503 also if nobody listens, or answers in time.
func ask(verb string, body object, wait time.Duration, into any) int {
	body["worker"] = name
	data, _ := json.Marshal(body)
	answer, err := nc.Request(subjects+verb, data, wait)
	if err != nil {
		return 503
	}
	if code, err := strconv.Atoi(answer.Header.Get("Nats-Service-Error-Code")); err == nil {
		log.Println(verb, code, answer.Header.Get("Nats-Service-Error"))
		return code
	}
	json.Unmarshal(answer.Data, into)
	return 200
}

// Runs an attempt, says when that is over, and then repeats how it ended until that is on record.
func run(ctx context.Context, it order, heard lease, over, recorded chan<- attempt) {
	word := func() object {
		started := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		return object{"job": it.Job, "grant": it.Grant, "epoch": heard.Epoch, "ledger": heard.Ledger, "started": started}
	}
	end := word()
	go ask("report", word(), time.Second, nil) // if it gets lost: the end is told with the start
	if result, err := work(ctx, it.Params); err == nil {
		end["ended"] = object{"outcome": "completed", "result": result}
	} else {
		end["ended"] = object{"outcome": "failed", "error": object{"code": "go", "message": err.Error()}}
	}
	over <- it.attempt
	for ask("report", end, 10*time.Second, nil) == 503 {
		time.Sleep(time.Second)
	}
	recorded <- it.attempt
}

func main() {
	subjects = "signalbox.worker."
	if len(os.Args) > 3 {
		subjects = os.Args[3] + ".worker."
	}
	name = fmt.Sprintf("go-%d-%d", os.Getpid(), time.Now().UnixNano())
	var err error
	if nc, err = nats.Connect(os.Args[1], nats.MaxReconnects(-1)); err != nil {
		log.Fatal(err)
	}
	orders, over, recorded := make(chan *nats.Msg, 64), make(chan attempt), make(chan attempt)
	nc.ChanSubscribe(subjects+name+".*", orders)

	var heard lease
	var renewed time.Time // when the last renewal that was answered was asked for
	for code := 503; code != 200; {
		renewed = time.Now()
		code = ask("join", object{"types": []string{os.Args[2]}, "capacity": 1}, 10*time.Second, &heard)
		if code != 200 && code != 503 {
			os.Exit(1)
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("{\"event\":\"ready\",\"worker\":%q}\n", name)

	var newest attempt
	isRunning, held, abort := false, []attempt{}, func() {} // held: its end is not on record yet
	isNearEnd := func() bool {                              // two thirds of the lease have passed unrenewed, by the wall clock or the other one
		limit, now := time.Duration(heard.LeaseMs)*time.Millisecond*2/3, time.Now()
		return now.Sub(renewed) > limit || now.Round(0).Sub(renewed.Round(0)) > limit
	}
	obey := func(isAbort bool, it order) (bool, string) {
		switch {
		case it.Epoch < heard.Epoch || it.Grant < newest.Grant:
			return false, "it is out of date"
		case isAbort && it.attempt == newest:
			abort()
			return true, ""
		case isAbort || it.attempt == newest: // if it is to start: it runs, or has run
			return true, ""
		case isRunning || isNearEnd():
			return false, "there is no room, or no lease"
		}
		var ctx context.Context
		ctx, abort = context.WithCancel(context.Background())
		newest, isRunning, held = it.attempt, true, []attempt{it.attempt}
		go run(ctx, it, heard, over, recorded)
		return true, ""
	}
	for {
		select {
		case msg := <-orders:
			var it order
			json.Unmarshal(msg.Data, &it)
			accepted, reason := obey(strings.HasSuffix(msg.Subject, ".abort"), it)
			answer, _ := json.Marshal(object{"accepted": accepted, "reason": reason})
			msg.Respond(answer)
		case <-over:
			isRunning = false // from here on there is room for the next one
		case it := <-recorded:
			if it == newest {
				held = []attempt{}
			}
		case <-time.After(250 * time.Millisecond):
			if time.Since(renewed) < time.Duration(heard.RenewMs)*time.Millisecond {
				continue
			}
			asked, answer := time.Now(), lease{}
			word := object{"running": held, "epoch": heard.Epoch, "ledger": heard.Ledger}
			code := ask("renew", word, time.Second, &answer)
			if code == 200 && answer.Epoch >= heard.Epoch {
				heard, renewed = answer, asked
			}
			for _, it := range answer.Abort {
				if it == newest {
					abort()
				}
			}
			if code == 404 || isNearEnd() {
				os.Exit(1) // what runs here is lost, and lives elsewhere by now
			}
		}
	}
}
