// Package ends is what stands at the ends of a pipe beside databases: standard input and output, and files and directories that
// appear under their name only when they are whole.
package ends
