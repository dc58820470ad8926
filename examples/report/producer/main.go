// Command producer has a report built, and prints its summary.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"report"

	"switchyard"
)

func main() {
	var args report.Build
	flag.StringVar(&args.File, "file", "", "CSV file in the worker's folder")
	flag.IntVar(&args.Rows, "rows", 0, "rows to make up")
	id := flag.String("id", "", "ID of the task: the same is not sent twice")
	flag.Parse()
	if err := send(args, *id); err != nil {
		fmt.Fprintln(os.Stderr, "producer:", err)
		os.Exit(1)
	}
}

// send sends a task and waits for its result.
func send(args report.Build, id string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := switchyard.Open(ctx, switchyard.Config{}, switchyard.KindOf[report.Build]())
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	receipt, err := client.Send(ctx, args, switchyard.Options{ID: id})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	status, err := client.Wait(ctx, receipt.Name)
	if err != nil {
		return err
	}
	var s report.Summary
	if err := status.DecodeResult(&s); err != nil {
		return err
	}
	_, err = fmt.Printf("%d rows of %d customers, %d cents in all; the best is %s\n", s.Rows, s.Customers, s.Cents, s.Best)
	return err
}
