package page_test

import (
	"testing"

	"pgsluice/internal/browsertest"
)

// Figures are written as the report writes them.
func TestFormat(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	b := browsertest.Open(t, browser, d.url+"/", desktop)
	b.Until(`document.querySelector('link[rel=stylesheet]')`)
	base := browsertest.Ask[string](b, `document.querySelector('script[type=module]').src.replace('app.js', '')`)
	for expression, want := range map[string]string{
		`bytes(0)`: "0 B", `bytes(999)`: "999 B", `bytes(1000)`: "1.00 kB", `bytes(999499)`: "999 kB", `bytes(999500)`: "1.00 MB", `bytes(9994999)`: "9.99 MB",
		`bytes(9995000)`: "10.0 MB", `bytes(1.5e18)`: "1.50 EB", `bytes(5e21)`: "5000 EB", `rate(48_200_000)`: "48.2 MB/s",
		`duration(0)`: "0 s", `duration(0.0004)`: "< 1 ms", `duration(0.42)`: "420 ms", `duration(0.9996)`: "1.0 s", `duration(59.94)`: "59.9 s", `duration(59.96)`: "1 min 00 s",
		`duration(102)`: "1 min 42 s", `duration(7380)`: "2 h 03 min", `duration(3599.6)`: "1 h 00 min", `whole(59.9)`: "59 s", `whole(-1)`: "0 s",
		`clock(42)`: "0:42", `clock(725)`: "12:05", `clock(3723)`: "1:02:03", `percent(0.999)`: "99 %", `percent(1)`: "100 %", `plural(1, 'row', 'rows')`: "1 row", `plural(2000, 'row', 'rows')`: "2,000 rows",
		`String(parseRate('20 MB/s'))`: "20000000", `String(parseRate('1.5gb'))`: "1500000000", `String(parseRate('64 MiB/s'))`: "67108864", `String(parseRate('none'))`: "0", `String(parseRate(''))`: "0",
		`String(parseRate('fast'))`: "null", `String(parseRate('-1 MB'))`: "null", `String(parseRate('0.1'))`: "null", `String(known('0001-01-01T00:00:00Z'))`: "null", `String(known(undefined))`: "null",
	} {
		got := browsertest.Ask[string](b, `import(`+quoted(base+"format.js")+`).then(({bytes, rate, duration, whole, clock, percent, plural, parseRate, known}) => `+expression+`)`)
		if got != want {
			t.Errorf("%s is %q, want %q", expression, got, want)
		}
	}
}

// Events come in pieces of any size.
func TestParse(t *testing.T) {
	browser := browsertest.Start(t)
	d := serve(t)
	b := browsertest.Open(t, browser, d.url+"/", desktop)
	b.Until(`document.querySelector('link[rel=stylesheet]')`)
	base := browsertest.Ask[string](b, `document.querySelector('script[type=module]').src.replace('app.js', '')`)
	for _, size := range []int{1, 2, 3, 7, 100} {
		got := browsertest.Ask[string](b, `import(`+quoted(base+"stream.js")+`).then(({parse}) => {
			const text = ': here\n\nid: 7\nevent: live\ndata: {"a":\ndata: 1}\n\ndata: x\r\n\r\nid: 8\n\nevent: y\ndata:z\n\nrest';
			const seen = [];
			let left = '';
			for (let at = 0; at < text.length; at += `+string(encode(size))+`) left = parse(left + text.slice(at, at + `+string(encode(size))+`), (e) => seen.push([e.id, e.name, e.data]));
			return JSON.stringify([seen, left]);
		})`)
		if want := `[[["7","live","{\"a\":\n1}"],[null,"message","x"],[null,"y","z"]],"rest"]`; got != want {
			t.Errorf("in pieces of %d: %s", size, got)
		}
	}
}
