package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"
)

// patience is how long one request may take before it counts as an error.
const patience = 10 * time.Second

// maxAnswer bounds one answer, octets.
const maxAnswer = 4 << 20

// server is an address to drive.
type server struct {
	tls     bool
	address string // host:port
	host    string // as in the Host header
}

func parseServer(address string) (server, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return server{}, fmt.Errorf("address %q: want http://host or https://host", address)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return server{tls: u.Scheme == "https", address: net.JoinHostPort(u.Hostname(), port), host: u.Host}, nil
}

// request is one HTTP/1.1 request as octets, made before it is timed.
func (s server) request(method, path string, header map[string]string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, s.host)
	for name, value := range header {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// client is one kept connection. It speaks just enough HTTP/1.1 to drive a
// server that is known: the load must cost little beside what it measures, and
// net/http's client costs as much as the server.
type client struct {
	server server
	conn   net.Conn
	reader *bufio.Reader
	body   []byte // of the last answer; overwritten by the next
}

func (c *client) dial(ctx context.Context) error {
	d := net.Dialer{Timeout: patience}
	conn, err := d.DialContext(ctx, "tcp", c.server.address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if c.server.tls {
		host, _, _ := net.SplitHostPort(c.server.address)
		conn = tls.Client(conn, &tls.Config{ServerName: host, NextProtos: []string{"http/1.1"}})
	}
	c.conn, c.reader = conn, bufio.NewReaderSize(conn, 8<<10)
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is under way on it
		c.conn = nil
	}
}

// do sends one request and reads its answer into c.body. After an error the
// next request gets a new connection.
func (c *client) do(ctx context.Context, request []byte, now time.Time) (status int, err error) {
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return 0, err
		}
	}
	status, err = c.roundTrip(request, now)
	if err != nil {
		c.close()
	}
	return status, err
}

func (c *client) roundTrip(request []byte, now time.Time) (int, error) {
	if err := c.conn.SetDeadline(now.Add(patience)); err != nil {
		return 0, fmt.Errorf("set deadline: %w", err)
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, fmt.Errorf("send request: %w", err)
	}
	status, err := c.readStatus()
	if err != nil {
		return 0, err
	}
	length, err := c.readHeader()
	if err != nil {
		return 0, err
	}
	return status, c.readBody(length)
}

var errAnswer = errors.New("not an HTTP/1.1 answer that this client reads")

func (c *client) readStatus() (int, error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, errAnswer
	}
	return strconv.Atoi(string(line[9:12]))
}

// chunkedBody is the length of a body that says its length in parts.
const chunkedBody = -1

// readHeader reads up to the empty line and returns the length of the body.
func (c *client) readHeader() (length int, err error) {
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, fmt.Errorf("read answer: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 || length > maxAnswer {
				return 0, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = chunkedBody
		}
	}
}

func (c *client) readBody(length int) error {
	if length == chunkedBody {
		body, err := io.ReadAll(io.LimitReader(httputil.NewChunkedReader(c.reader), maxAnswer))
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		c.body = body
		_, err = c.reader.ReadSlice('\n') // the end of the trailer
		return err
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.reader, c.body); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}
