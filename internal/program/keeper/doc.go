// Package keeper is what this binary is when it has been started as the keeper of a program,
// or as the program's entry. Package program starts it so; nothing else does.
//
//	worker -> keeper -> entry, which becomes the program -> whatever that starts
//
// The keeper is the subreaper of all below it (PR_SET_CHILD_SUBREAPER): what leaves its group,
// its session or its parent becomes the keeper's child. It lives until nothing is left below
// it, and holds one end of a pipe, the leash, whose other end only the worker has. When the
// worker has gone, however it went, the kernel closes the leash, and the keeper kills what is
// below it. The entry binds itself, which nobody can do for it between fork and exec in Go, and
// then executes the program.
//
// The package is initialised before nearly everything else of the binary, and ends the
// process there, so that a start does not wait for what a worker needs. It is for this that it
// imports so little: https://go.dev/ref/spec#Package_initialization orders packages by what
// they import, and then by name.
package keeper
