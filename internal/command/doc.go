// Package command is what all command lines share: how they are read, how they print and fail,
// their version, their manual page and the completion of a shell. Manual page and completion come
// from the grammar that reads the command line, so that neither can say something else.
package command
