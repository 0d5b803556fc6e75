// Writes what the operator's library makes of each line of JSON: the YAML as a JSON string, or null if it fails.
// Built with Debian's golang-go and golang-github-ghodss-yaml-dev:
// GO111MODULE=off GOPATH=/usr/share/gocode go build
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/ghodss/yaml"
)

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		var value interface{}
		if err := decoder.Decode(&value); err != nil {
			panic(err)
		}
		text, err := yaml.Marshal(value)
		if err != nil {
			out.WriteString("null\n")
			continue
		}
		answer, _ := json.Marshal(string(text))
		out.Write(answer)
		out.WriteByte('\n')
	}
}
