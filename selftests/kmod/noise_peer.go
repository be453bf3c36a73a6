// SPDX-License-Identifier: GPL-2.0-only

// A member's node whose encryption is another implementation's than the module's:
// github.com/flynn/noise. test_interop.c runs it against the module, and has made what it
// says of itself:
//
//	noise_peer call|answer PORT FOLDER FRAMES
//
// FOLDER has the group's id (group), the node's static key (key), and the payload of its
// message of the handshake (payload). It calls the port of this host, or takes one call on
// it, and says "ready" when one can come. Once there is a link it asks with a PING, FRAMES
// times, and each has to be answered by PONG before the next; then it waits for a PING of the
// module's, answers it, and asks once more, as the module has gone on only if that was right.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/flynn/noise"
)

// What protocol.rst says, not taken from the module's header.
const (
	magic       = "peergrp2"
	openingTag  = "peergroup hello 2"
	prologueTag = "peergroup link 2"
	nonceLen    = 32
	firstLen    = 32
	rekey       = 4096
	headerLen   = 8
	pingLen     = 52
	welcome     = 1
	ping        = 10
	pong        = 11
)

func need(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "noise_peer:", what+":", err)
		os.Exit(1)
	}
}

func check(what string, good bool) {
	if !good {
		need(what, fmt.Errorf("not so"))
	}
}

func load(folder string, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	need("read", err)
	return data
}

// An end of a link, each direction with a count of its frames.
type link struct {
	conn     net.Conn
	tx, rx   *noise.CipherState
	sent     int
	received int
	text     []byte // of frames, of which no message was made yet
}

func sendSized(c net.Conn, msg []byte) {
	sized := binary.BigEndian.AppendUint16(nil, uint16(len(msg)))
	_, err := c.Write(append(sized, msg...))
	need("send", err)
}

func receive(c net.Conn, n int) []byte {
	data := make([]byte, n)
	_, err := io.ReadFull(c, data)
	need("receive", err)
	return data
}

func receiveSized(c net.Conn) []byte {
	return receive(c, int(binary.BigEndian.Uint16(receive(c, 2))))
}

func hint(group []byte, nonce []byte) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte(openingTag), group, nonce}, nil))
	return sum[:]
}

func state(key []byte, group []byte, opening []byte, initiator bool) *noise.HandshakeState {
	suite := noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2s)
	pair, err := suite.GenerateKeypair(bytes.NewReader(key))
	need("key", err)
	hs, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: suite, Pattern: noise.HandshakeXX, Initiator: initiator,
		Prologue:      bytes.Join([][]byte{[]byte(prologueTag), group, opening}, nil),
		StaticKeypair: pair,
	})
	need("state", err)
	return hs
}

func call(port string, group []byte, key []byte, payload []byte) *link {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	need("dial", err)
	nonce := make([]byte, nonceLen)
	_, err = rand.Read(nonce)
	need("random", err)
	opening := bytes.Join([][]byte{[]byte(magic), nonce, hint(group, nonce)}, nil)
	hs := state(key, group, opening, true)
	first, _, _, err := hs.WriteMessage(nil, nil)
	need("message 1", err)
	_, err = c.Write(append(opening, first...))
	need("send", err)
	_, _, _, err = hs.ReadMessage(nil, receiveSized(c))
	need("message 2", err)
	third, ours, theirs, err := hs.WriteMessage(nil, payload)
	need("message 3", err)
	sendSized(c, third)
	return &link{conn: c, tx: ours, rx: theirs}
}

func answer(port string, group []byte, key []byte, payload []byte) *link {
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	need("listen", err)
	fmt.Println("ready")
	c, err := l.Accept()
	need("accept", err)
	l.Close()
	opening := receive(c, len(magic)+nonceLen+sha256.Size)
	nonce := opening[len(magic) : len(magic)+nonceLen]
	check("magic", string(opening[:len(magic)]) == magic)
	check("hint", bytes.Equal(opening[len(magic)+nonceLen:], hint(group, nonce)))
	hs := state(key, group, opening, false)
	_, _, _, err = hs.ReadMessage(nil, receive(c, firstLen))
	need("message 1", err)
	second, _, _, err := hs.WriteMessage(nil, payload)
	need("message 2", err)
	sendSized(c, second)
	_, theirs, ours, err := hs.ReadMessage(nil, receiveSized(c))
	need("message 3", err)
	return &link{conn: c, tx: ours, rx: theirs}
}

// One message in a frame of its own.
func (l *link) say(kind byte, body []byte) {
	msg := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	msg = append(append(msg, kind, 0, 0, 0), body...)
	frame, err := l.tx.Encrypt(nil, nil, msg)
	need("encrypt", err)
	sendSized(l.conn, frame)
	l.sent++
	if l.sent%rekey == 0 {
		l.tx.Rekey()
	}
}

func (l *link) fill(n int) {
	for len(l.text) < n {
		text, err := l.rx.Decrypt(nil, nil, receiveSized(l.conn))
		need("decrypt", err)
		l.text = append(l.text, text...)
		l.received++
		if l.received%rekey == 0 {
			l.rx.Rekey()
		}
	}
}

func (l *link) hear() (byte, []byte) {
	l.fill(headerLen)
	n := headerLen + int(binary.BigEndian.Uint32(l.text))
	l.fill(n)
	kind, body := l.text[4], l.text[headerLen:n]
	l.text = l.text[n:]
	return kind, body
}

// Takes messages until one of that kind; what is asked meanwhile is answered.
func (l *link) expect(wanted byte) []byte {
	for {
		kind, body := l.hear()
		if kind == ping {
			l.say(pong, body)
		}
		if kind == wanted {
			return body
		}
	}
}

func (l *link) ask(token int, now []byte) {
	body := make([]byte, pingLen)
	binary.BigEndian.PutUint64(body, uint64(token))
	copy(body[8:], now)
	l.say(ping, body)
	answer := l.expect(pong)
	check("token", len(answer) == pingLen && bytes.Equal(answer[:8], body[:8]))
}

func main() {
	var l *link

	folder := os.Args[3]
	group, key, payload := load(folder, "group"), load(folder, "key"), load(folder, "payload")
	frames, err := strconv.Atoi(os.Args[4])
	need("frames", err)
	if os.Args[1] == "call" {
		l = call(os.Args[2], group, key, payload)
		kind, body := l.hear()
		check("welcome", kind == welcome && len(body) == 0)
	} else {
		l = answer(os.Args[2], group, key, payload)
		l.say(welcome, nil)
	}
	now := payload[8:16]
	for i := 0; i < frames; i++ {
		l.ask(i, now)
	}
	check("more frames than a key is for", l.sent > rekey && l.received > rekey)
	l.expect(ping)
	l.ask(frames, now)
}
