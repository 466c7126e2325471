package app_test

import (
	"bytes"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
)

// A sheet shows one screen in each look side by side, scaled down: wide windows
// to a third, phones to a half, and no more of a long page than tallest.
const (
	wideScale, phoneScale = 3, 2
	tallest               = 1300
	gap                   = 16
)

// exposure is one picture that was taken.
type exposure struct {
	look appearance
	file string // in the folder
}

// album is what lies in a folder of contact sheets.
type album struct {
	folder string
	pages  []leaf
}

// leaf is one screen in its looks.
type leaf struct {
	Name, Route, Path, As, Sheet string
	Singles                      []string
}

func (a *album) write(file string, content []byte) error {
	return os.WriteFile(filepath.Join(a.folder, file), content, 0o600)
}

// add makes the sheet of a screen from its pictures.
func (a *album) add(p leaf, taken []exposure) error {
	var small []*image.RGBA
	for _, e := range taken {
		content, err := os.ReadFile(filepath.Join(a.folder, e.file))
		if err != nil {
			return err
		}
		picture, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("read %s: %w", e.file, err)
		}
		scale := wideScale
		if e.look.phone() {
			scale = phoneScale
		}
		small = append(small, shrink(picture, scale))
		p.Singles = append(p.Singles, e.file)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, beside(small)); err != nil {
		return err
	}
	p.Sheet = p.Name + ".sheet.png"
	a.pages = append(a.pages, p)
	return a.write(p.Sheet, b.Bytes())
}

// beside puts pictures into one row.
func beside(pictures []*image.RGBA) *image.RGBA {
	width, height := gap, 0
	for _, p := range pictures {
		width, height = width+p.Bounds().Dx()+gap, max(height, min(p.Bounds().Dy(), tallest))
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width, height+2*gap))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Gray{Y: 0x80}), image.Point{}, draw.Src)
	x := gap
	for _, p := range pictures {
		draw.Draw(sheet, image.Rect(x, gap, x+p.Bounds().Dx(), gap+min(p.Bounds().Dy(), tallest)), p, image.Point{}, draw.Src)
		x += p.Bounds().Dx() + gap
	}
	return sheet
}

// shrink scales a picture down by a whole number: each pixel is the mean of those it stands for.
func shrink(picture image.Image, by int) *image.RGBA {
	full := image.NewRGBA(image.Rect(0, 0, picture.Bounds().Dx(), picture.Bounds().Dy()))
	draw.Draw(full, full.Bounds(), picture, picture.Bounds().Min, draw.Src)
	small := image.NewRGBA(image.Rect(0, 0, full.Bounds().Dx()/by, full.Bounds().Dy()/by))
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			copy(small.Pix[small.PixOffset(x, y):], mean(full, x*by, y*by, by))
		}
	}
	return small
}

func mean(picture *image.RGBA, left, top, side int) []byte {
	var sum [4]int
	for y := top; y < top+side; y++ {
		at := picture.PixOffset(left, y)
		for _, pixel := range slices.Collect(slices.Chunk(picture.Pix[at:at+4*side], 4)) {
			for i, value := range pixel {
				sum[i] += int(value)
			}
		}
	}
	out := make([]byte, 4)
	for i := range sum {
		out[i] = byte(sum[i] / (side * side))
	}
	return out
}

var contents = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact sheets</title>
<style>body{font:14px system-ui;margin:24px}h2{font-size:15px;margin:28px 0 4px}p{margin:0 0 6px;color:#555}img{max-width:100%}</style>
<h1>Contact sheets: {{len .}} screens</h1>
{{range .}}<h2 id="{{.Name}}">{{.Name}}</h2><p>{{.Route}} as {{.As}}: <code>{{.Path}}</code>{{range .Singles}} · <a href="{{.}}">{{.}}</a>{{end}}</p>
<a href="{{.Sheet}}"><img src="{{.Sheet}}" alt="{{.Name}}" loading="lazy"></a>
{{end}}</html>
`))

// finish writes the page that shows all sheets.
func (a *album) finish() error {
	var b bytes.Buffer
	if err := contents.Execute(&b, a.pages); err != nil {
		return err
	}
	return a.write("index.html", b.Bytes())
}
