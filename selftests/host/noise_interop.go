// SPDX-License-Identifier: GPL-2.0-only

// One end of a Noise handshake and of what follows it, over TCP, by an
// implementation that the module's knows nothing of: github.com/flynn/noise.
// test_noise_interop.sh runs it against noise_interop.c, which says what is
// exchanged.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/flynn/noise"
)

func fail(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "noise_interop.go:", what, err)
		os.Exit(1)
	}
}

func send(c net.Conn, msg []byte) {
	var size [2]byte

	binary.BigEndian.PutUint16(size[:], uint16(len(msg)))
	_, err := c.Write(append(size[:], msg...))
	fail("send", err)
}

func receive(c net.Conn) []byte {
	var size [2]byte

	_, err := io.ReadFull(c, size[:])
	fail("receive", err)
	msg := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err = io.ReadFull(c, msg)
	fail("receive", err)
	return msg
}

// The text of message or frame number n, which both ends know.
func text(n int, size int) []byte {
	t := make([]byte, size)
	for i := range t {
		t[i] = byte(n + i)
	}
	return t
}

func want(what string, n int, got []byte, size int) {
	if !bytes.Equal(got, text(n, size)) {
		fail(what, fmt.Errorf("%d: another text than was sent", n))
	}
}

func handshake(c net.Conn, initiator bool) (*noise.CipherState, *noise.CipherState) {
	suite := noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2s)
	key, err := suite.GenerateKeypair(rand.Reader)
	fail("key", err)
	hs, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: suite, Pattern: noise.HandshakeXX, Initiator: initiator,
		Prologue: []byte("interop"), StaticKeypair: key,
	})
	fail("state", err)
	var one, two *noise.CipherState
	for n := 0; n < 3; n++ {
		var msg []byte
		if initiator == (n%2 == 0) {
			msg, one, two, err = hs.WriteMessage(nil, text(n, 100*n))
			fail("write", err)
			send(c, msg)
		} else {
			msg, one, two, err = hs.ReadMessage(nil, receive(c))
			fail("read", err)
			want("payload", n, msg, 100*n)
		}
	}
	// Both ends have come to the same if the other one gets its own hash back.
	send(c, hs.ChannelBinding())
	if !bytes.Equal(receive(c), hs.ChannelBinding()) {
		fail("hash", fmt.Errorf("the ends have different ones"))
	}
	if initiator {
		return one, two
	}
	return two, one
}

func main() {
	initiator := os.Args[1] == "initiator"
	frames, err := strconv.Atoi(os.Args[3])
	fail("frames", err)
	rekey, err := strconv.Atoi(os.Args[4])
	fail("rekey", err)
	c, err := net.Dial("tcp", os.Args[2])
	fail("dial", err)
	tx, rx := handshake(c, initiator)
	for n := 0; n < frames; n++ {
		msg, err := tx.Encrypt(nil, nil, text(n, n%1000))
		fail("encrypt", err)
		send(c, msg)
		msg, err = rx.Decrypt(nil, nil, receive(c))
		fail("decrypt", err)
		want("frame", n, msg, n%1000)
		if (n+1)%rekey == 0 {
			tx.Rekey()
			rx.Rekey()
		}
	}
}
