// Package kept keeps what one caller made for the next one.
package kept

var titles = map[string]string{}

var spare []*Page

// Page is made once and used again.
type Page struct{ text string }

// Title makes a title, or takes the one that was made before.
func Title(of string) string {
	if title, is := titles[of]; is {
		return reused(title)
	}
	titles[of] = made(of)
	return titles[of]
}

func made(of string) string { return "Sir " + of }

func reused(title string) string { return title }

// Write writes on a page that nobody needs, if there is one.
func Write(text string) *Page {
	if len(spare) == 0 {
		return &Page{text}
	}
	page := spare[len(spare)-1]
	spare = spare[:len(spare)-1]
	page.wipe()
	page.text += text
	return page
}

func (page *Page) wipe() { page.text = "" }

// Read is what stands there.
func (page *Page) Read() string { return page.text }

// Drop says that nobody needs a page.
func (page *Page) Drop() { spare = append(spare, page) }

// Count is how many titles there are.
func Count() int { return len(titles) }
