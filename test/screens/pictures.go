package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"
)

// fewer are the colours of a picture: its file is a third as large, and looks the same.
const fewer = 64

// small returns a picture with few colours, the most frequent ones of all.
func small(picture []byte) ([]byte, error) {
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("read a picture: %w", err)
	}
	full := image.NewRGBA(decoded.Bounds())
	draw.Draw(full, full.Rect, decoded, full.Rect.Min, draw.Src)
	counts := map[color.RGBA]int{}
	each(full, func(_ int, c color.RGBA) { counts[c]++ })
	few := image.NewPaletted(full.Rect, paletteOf(counts))
	nearest := make(map[color.RGBA]uint8, len(counts))
	for c := range counts {
		nearest[c] = uint8(few.Palette.Index(c)) //nolint:gosec // there are fewer
	}
	each(full, func(i int, c color.RGBA) { few.Pix[i] = nearest[c] })
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, few); err != nil {
		return nil, fmt.Errorf("write a picture: %w", err)
	}
	return out.Bytes(), nil
}

// each visits the points of a picture, row by row.
func each(picture *image.RGBA, visit func(place int, c color.RGBA)) {
	for i := 0; i < len(picture.Pix); i += 4 {
		visit(i/4, color.RGBA{picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3]})
	}
}

// paletteOf chooses frequent colours, none of which is nearly another one.
func paletteOf(counts map[color.RGBA]int) color.Palette {
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(number(a), number(b)))
	})
	var palette color.Palette
	var chosen []color.RGBA
	for _, c := range all {
		if len(palette) == fewer {
			break
		}
		if !slices.ContainsFunc(chosen, func(other color.RGBA) bool { return distance(c, other) < apart }) {
			palette, chosen = append(palette, c), append(chosen, c)
		}
	}
	return palette
}

// apart is how far two colours of a palette are from each other at least, in steps of red, green and blue.
const apart = 12

func distance(a, b color.RGBA) int {
	step := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return step(a.R, b.R) + step(a.G, b.G) + step(a.B, b.B)
}

func number(c color.RGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
