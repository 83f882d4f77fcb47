// SPDX-License-Identifier: GPL-2.0
/*
 * One text, two forms.  Paragraphs and cells may hold `code`, **bold** and
 * [links](to/files), which is Markdown already and becomes tags in HTML.
 */
#include "prreport.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void put_escaped(FILE *f, int c)
{
	if (c == '&')
		fputs("&amp;", f);
	else if (c == '<')
		fputs("&lt;", f);
	else if (c == '>')
		fputs("&gt;", f);
	else if (c == '"')
		fputs("&quot;", f);
	else
		fputc(c, f);
}

/*
 * The end of the text of a link that begins here, and the length of where it
 * goes to: a file below this one's directory or a place in this document, for
 * some of what is written here came from guests.
 */
static const char *link_at(const char *s, size_t *len)
{
	const char *end = *s == '[' ? strpbrk(s + 1, "[]") : NULL;

	if (!end || end[0] != ']' || end[1] != '(' || end[2] == '/')
		return NULL;
	*len = strspn(end + 2, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+~-/#");
	return *len && end[2 + *len] == ')' ? end : NULL;
}

/* Colours beside the words, never in their place */
static const char *verdict_class(const char *s)
{
	static const struct { const char *verdict, *class; } words[] = {
		{ "better**", "good" }, { "met**", "good" }, { "worse**", "bad" },
		{ "missed**", "bad" }, { "leans better", "lean" }, { "leans worse", "lean" },
		{ "leans met", "lean" }, { "leans missed", "lean" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(s, words[i].verdict, strlen(words[i].verdict)))
			return words[i].class;
	return NULL;
}

static void put_strong(FILE *f, const char *s)
{
	const char *class = verdict_class(s);

	if (class)
		fprintf(f, "<strong class=\"%s\">", class);
	else
		fputs("<strong>", f);
}

/*
 * A newline in a cell starts its small print: interval, ratio and p. An empty line
 * ends that.
 */
static void put_html(FILE *f, const char *s)
{
	bool code = false, bold = false, small = false;
	const char *end, *link = NULL;
	size_t n = 0;

	for (; *s; s++) {
		end = code || link ? NULL : link_at(s, &n);
		if (s == link) {
			fputs("</a>", f);
			s += n + 2;
			link = NULL;
		} else if (end) {
			link = end;
			fprintf(f, "<a href=\"%.*s\">", (int)n, end + 2);
		} else if (*s == '`') {
			code = !code;
			fputs(code ? "<code>" : "</code>", f);
		} else if (!code && s[0] == '*' && s[1] == '*') {
			bold = !bold;
			s++;
			if (bold)
				put_strong(f, s + 1);
			else
				fputs("</strong>", f);
		} else if (s[0] == '\n' && s[1] == '\n') {
			fputs(small ? "</small><br>" : "<br>", f);
			small = false;
			s++;
		} else if (*s == '\n') {
			fputs(small ? "<br>" : "<br><small>", f);
			small = true;
		} else {
			put_escaped(f, *s);
		}
	}
	if (small)
		fputs("</small>", f);
}

/* Places are HTML's only: a link to one leaves its text. */
static char *md_links(const char *s)
{
	char *out = xrealloc(NULL, strlen(s) + 1, 1), *p = out;
	const char *end, *link = NULL;
	size_t n = 0;

	for (; *s; s++) {
		end = link ? NULL : link_at(s, &n);
		if (s == link) {
			s += n + 2;
			link = NULL;
		} else if (end && end[2] == '#') {
			link = end;
		} else {
			*p++ = *s;
		}
	}
	*p = 0;
	return out;
}

static char *md_cell(const char *text)
{
	char *plain = md_links(text), *s = plain;
	char *out = xrealloc(NULL, 2 * strlen(s) + 1, 1), *p = out;
	bool code = false;

	for (; *s; s++) {
		if (s[0] == '\n' && s[1] == '\n') {
			p = stpcpy(p, "<br>");
			s++;
			continue;
		}
		if (*s == '`')
			code = !code;
		if (*s == '|' || (*s == '~' && !code))
			*p++ = '\\';
		*p++ = *s == '\n' ? ' ' : *s;
	}
	*p = 0;
	free(plain);
	return out;
}

static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static char align_of(const struct table *t, size_t col)
{
	size_t n = strlen(t->align);

	return t->align[col < n ? col : n - 1];
}

void table_init(struct table *t, size_t ncols, const char *align)
{
	t->align = align;
	t->ncols = ncols;
	t->cells = NULL;
	t->n = 0;
	t->stack = false;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->cells = xrealloc(t->cells, t->n + 1, sizeof(*t->cells));
	t->cells[t->n++] = vformat(fmt, ap);
	va_end(ap);
}

void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->n = 0;
}

static void end_list(struct doc *d)
{
	if (d->list)
		fputs(d->html ? "</ul>\n" : "\n", d->f);
	d->list = false;
}

void doc_begin(struct doc *d, const char *title)
{
	if (!d->html) {
		fprintf(d->f, "# %s\n\n", title);
		return;
	}
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
	      d->f);
	put_html(d->f, title);
	fprintf(d->f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", report_css);
	put_html(d->f, title);
	fputs("</h1>\n", d->f);
}

void doc_end(struct doc *d)
{
	end_list(d);
	if (d->html)
		fputs("</body>\n</html>\n", d->f);
}

/* The place that a heading is, for links: its letters, and - for the rest */
static void put_place(FILE *f, const char *s)
{
	for (; *s; s++)
		fputc(isalnum((unsigned char)*s) ? tolower((unsigned char)*s) : '-', f);
}

void doc_h(struct doc *d, int level, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = vformat(fmt, ap);
	va_end(ap);
	end_list(d);
	if (d->html) {
		fprintf(d->f, "<h%d", level);
		if (level == 2) {
			fputs(" id=\"", d->f);
			put_place(d->f, s);
			fputs("\"", d->f);
		}
		fputs(">", d->f);
		put_html(d->f, s);
		fprintf(d->f, "</h%d>\n", level);
	} else {
		fprintf(d->f, "%.*s %s\n\n", level, "####", s);
	}
	free(s);
}

static void block(struct doc *d, const char *open, const char *close,
		  const char *s)
{
	char prev = 0, *plain;

	if (d->html) {
		fputs(open, d->f);
		put_html(d->f, s);
		fputs(close, d->f);
		return;
	}
	/* Two tildes would strike out what stands between them. */
	plain = md_links(s);
	for (s = plain; *s; prev = *s++) {
		if (*s == '~' && prev != '`')
			fputc('\\', d->f);
		fputc(*s, d->f);
	}
	free(plain);
}

void doc_p(struct doc *d, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = vformat(fmt, ap);
	va_end(ap);
	end_list(d);
	block(d, "<p>", "</p>\n", s);
	if (!d->html)
		fputs("\n\n", d->f);
	free(s);
}

void doc_li(struct doc *d, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = vformat(fmt, ap);
	va_end(ap);
	fputs(d->html ? d->list ? "" : "<ul>\n" : "- ", d->f);
	d->list = true;
	block(d, "<li>", "</li>\n", s);
	if (!d->html)
		fputc('\n', d->f);
	free(s);
}

void doc_pre(struct doc *d, const char *text)
{
	end_list(d);
	if (d->html) {
		fputs("<pre>", d->f);
		for (; *text; text++)
			put_escaped(d->f, *text);
		fputs("</pre>\n", d->f);
	} else {
		fprintf(d->f, "```\n%s\n```\n\n", text);
	}
}

/* In a list of cells each says what its column's heading would */
static void put_column(FILE *f, const char *heading)
{
	fputs(" data-c=\"", f);
	for (; *heading && *heading != '\n'; heading++)
		if (!strchr("`*", *heading))
			put_escaped(f, *heading);
	fputc('"', f);
}

static void table_html(struct doc *d, const struct table *t)
{
	size_t i;

	fprintf(d->f, "<div class=\"t\"><table%s>\n<thead>\n", t->stack ? " class=\"stack\"" :
		t->ncols <= 4 ? " class=\"few\"" : "");
	for (i = 0; i < t->n; i++) {
		const char *tag = i < t->ncols ? "th" : "td";
		size_t col = i % t->ncols;

		if (!col)
			fputs("<tr>", d->f);
		fprintf(d->f, "<%s%s", tag, align_of(t, col) == 'r' ? " class=\"r\"" :
			t->stack && !strcmp(t->cells[i], "-") ? " class=\"none\"" : "");
		if (t->stack && col && i >= t->ncols)
			put_column(d->f, t->cells[col]);
		fputc('>', d->f);
		put_html(d->f, t->cells[i]);
		fprintf(d->f, "</%s>", tag);
		if (col == t->ncols - 1)
			fputs(i < t->ncols ? "</tr>\n</thead>\n<tbody>\n" : "</tr>\n",
			      d->f);
	}
	fputs("</tbody>\n</table></div>\n", d->f);
}

static void table_md(struct doc *d, const struct table *t)
{
	char **cells = xrealloc(NULL, t->n, sizeof(*cells));
	int *w = xrealloc(NULL, t->ncols, sizeof(*w));
	size_t i, c;

	for (c = 0; c < t->ncols; c++)
		w[c] = 3;
	for (i = 0; i < t->n; i++) {
		cells[i] = md_cell(t->cells[i]);
		if (width(cells[i]) > w[i % t->ncols])
			w[i % t->ncols] = width(cells[i]);
	}
	for (i = 0; i < t->n; i++) {
		int pad;

		c = i % t->ncols;
		pad = w[c] - width(cells[i]);
		if (align_of(t, c) == 'r')
			fprintf(d->f, "| %*s%s ", pad, "", cells[i]);
		else
			fprintf(d->f, "| %s%*s ", cells[i], pad, "");
		free(cells[i]);
		if (c != t->ncols - 1)
			continue;
		fputs("|\n", d->f);
		if (i >= t->ncols)
			continue;
		for (c = 0; c < t->ncols; c++) {
			bool right = align_of(t, c) == 'r';

			fputs("| ", d->f);
			for (int k = 0; k < w[c] - right; k++)
				fputc('-', d->f);
			fputs(right ? ": " : " ", d->f);
		}
		fputs("|\n", d->f);
	}
	fputc('\n', d->f);
	free(cells);
	free(w);
}

void doc_table(struct doc *d, const struct table *t)
{
	end_list(d);
	if (t->n <= t->ncols)
		return;
	if (d->html)
		table_html(d, t);
	else
		table_md(d, t);
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *s = NULL;
	size_t n = 0;

	if (!f)
		return NULL;
	if (getdelim(&s, &n, 0, f) < 0) {
		free(s);
		s = NULL;
	}
	fclose(f);
	return s;
}

/*
 * Inline an SVG file: without its prologue, which names a DTD elsewhere, and
 * with its ids made its own, as all plots share one document now.
 */
static void put_svg(FILE *f, const char *svg, const char *name)
{
	static const char * const refs[] = { " id=\"", " id='", "href='#", "href=\"#", "url(#" };
	const char *p = strstr(svg, "<svg");
	size_t i;

	while (p && *p) {
		size_t n = 1;

		if (!strncmp(p, "<!--", 4)) {
			p = strstr(p, "-->");
			p = p ? p + 3 : NULL;
			continue;
		}
		for (i = 0; i < sizeof(refs) / sizeof(*refs); i++)
			if (!strncmp(p, refs[i], strlen(refs[i])))
				break;
		if (i < sizeof(refs) / sizeof(*refs)) {
			n = strlen(refs[i]);
			fprintf(f, "%s%s-", refs[i], name);
		} else {
			fputc(*p, f);
		}
		p += n;
	}
}

/**
 * doc_fold() - what few want to see: a list behind its title, in HTML only
 *
 * doc_fold_item() adds to it, with a name that links can go to, or NULL;
 * doc_fold_end() ends it.
 */
void doc_fold(struct doc *d, const char *title)
{
	end_list(d);
	if (!d->html)
		return;
	fputs("<details><summary>", d->f);
	put_html(d->f, title);
	fputs("</summary>\n<ul>\n", d->f);
}

void doc_fold_item(struct doc *d, const char *id, const char *text)
{
	if (!d->html)
		return;
	if (id)
		fprintf(d->f, "<li id=\"%s\">", id);
	else
		fputs("<li>", d->f);
	put_html(d->f, text);
	fputs("</li>\n", d->f);
}

void doc_fold_end(struct doc *d)
{
	if (d->html)
		fputs("</ul></details>\n", d->f);
}

/* What follows stands side by side where there is room, until doc_row_end(). */
void doc_row(struct doc *d)
{
	end_list(d);
	if (d->html)
		fputs("<div class=\"row\">\n", d->f);
}

void doc_row_end(struct doc *d)
{
	if (d->html)
		fputs("</div>\n", d->f);
}

/**
 * doc_fig() - a picture, and in HTML @files below it: what it was made from
 *
 * Return: 0, or -1 after a message if it cannot be read.
 */
int doc_fig(struct doc *d, const char *name, const char *caption,
	    const char *files)
{
	char *path, *svg;

	end_list(d);
	if (!d->html) {
		fprintf(d->f, "![%s](plots/%s.svg)\n\n", caption, name);
		return 0;
	}
	path = format("%s/plots/%s.svg", d->dir, name);
	svg = slurp(path);
	if (!svg) {
		fprintf(stderr, "prreport: %s cannot be read: %s\n", path,
			strerror(errno));
		free(path);
		return -1;
	}
	fprintf(d->f, "<figure id=\"plot-%s\">\n<div class=\"t\">", name);
	put_svg(d->f, svg, name);
	fputs("</div>\n<figcaption>", d->f);
	put_html(d->f, caption);
	fputs("<br>", d->f);
	put_html(d->f, files);
	fputs("</figcaption>\n</figure>\n", d->f);
	free(svg);
	free(path);
	return 0;
}
