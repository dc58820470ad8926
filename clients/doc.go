// Package clients has the clients of the HTTP API in other languages, each in a directory of its own.
// Its tests run the tests of each client against the daemons as they are built.
package clients
