package switchyard_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"switchyard"
	"switchyard/internal/embedded"
)

// Greet are the args of the kind greet.
type Greet struct {
	Name string `json:"name"`
}

func (Greet) Kind() string { return "greet" }

func (g Greet) Validate() error {
	if g.Name == "" {
		return errors.New(`field "name" is empty: say who is to be greeted`)
	}
	return nil
}

func greet(_ context.Context, _ *switchyard.Task, args Greet) (any, error) {
	return "Hello, " + args.Name + ".", nil
}

// A worker of its own kind. Called with "version" it would print its version; with "worker" it
// performs tasks until a signal.
func ExampleRun() {
	os.Args = []string{"greeter", "completion", "fish"} // what the program was called with
	status := switchyard.Run(switchyard.Define(greet))
	fmt.Println("exit status", status)
	// Output:
	// complete -c greeter -f -a '(greeter complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
	// exit status 0
}

func ExampleClient() {
	url, stop, err := embedded.Redis() // in place of yours
	if err != nil {
		panic(err)
	}
	defer stop()

	ctx := context.Background()
	client, err := switchyard.Open(ctx, switchyard.Config{Redis: url}, switchyard.KindOf[Greet]())
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()

	receipt, err := client.Send(ctx, Greet{Name: "Ada"}, switchyard.Options{ID: "first", At: time.Now().Add(time.Hour)})
	fmt.Println(receipt.Name, err)
	_, err = client.Send(ctx, Greet{}, switchyard.Options{})
	fmt.Println(err)

	status, err := client.Status(ctx, receipt.Name)
	fmt.Println(status.State, string(status.Payload), err)
	fmt.Println(client.Cancel(ctx, receipt.Name, "she has gone home"))
	status, err = client.Wait(ctx, receipt.Name)
	fmt.Println(status.State, err)
	// Output:
	// default/first <nil>
	// greet: field "name" is empty: say who is to be greeted
	// scheduled {"name":"Ada"} <nil>
	// <nil>
	// cancelled <nil>
}

// A page that is gone is gone at the next attempt, too. A server that is busy says when to come back.
func ExamplePermanent() {
	answer := func(code int) error {
		switch code {
		case 404:
			return switchyard.Permanent(errors.New("the page is gone"))
		case 429:
			return switchyard.RetryAfter(time.Minute, errors.New("the server is busy"))
		}
		return nil
	}
	fmt.Println(switchyard.IsPermanent(answer(404)), switchyard.IsPermanent(answer(429)))
	// Output: true false
}

// A handler that looks at its context at each step, and says why it has stopped.
func ExampleDefine() {
	count := func(ctx context.Context, t *switchyard.Task, args Greet) (any, error) {
		for step := range 3 {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err := t.Progress(ctx, map[string]int{"done": step + 1}); err != nil {
				return nil, err
			}
		}
		return "Hello, " + args.Name + ".", nil
	}
	_ = switchyard.Define(count) // what Run takes

	ctx, cancel := context.WithCancelCause(context.Background())
	fmt.Println(count(ctx, &switchyard.Task{}, Greet{Name: "Ada"}))
	cancel(switchyard.ErrSoftLimit)
	fmt.Println(count(ctx, &switchyard.Task{}, Greet{Name: "Ada"}))
	// Output:
	// Hello, Ada. <nil>
	// <nil> soft time limit passed
}
