// SPDX-License-Identifier: GPL-2.0
/* How a figure is written: a number, what was not reached, an interval. */
#include "prreport.h"

#include <math.h>
#include <string.h>

/* Every buffer has room for TEXT bytes. */
const char *number(char *buf, double v)
{
	if (isnan(v))
		strcpy(buf, "-");
	else if (isinf(v))
		strcpy(buf, "inf");
	else if (fabs(v) >= 1000)
		snprintf(buf, TEXT, "%.0f", v);
	else
		snprintf(buf, TEXT, "%.4g", v);
	return buf;
}

/* Infinity is only ever something that did not happen while anybody watched. */
const char *reached(char *buf, const struct row *r, double v)
{
	if (isinf(v) && !isnan(r->limit))
		snprintf(buf, TEXT, "not within %.1f s", r->limit);
	else
		number(buf, v);
	return buf;
}

/* "[lo, hi]", or nothing where the two are the same */
const char *interval_text(char *buf, const struct row *r)
{
	char lo[TEXT], hi[TEXT];

	reached(lo, r, r->st.lo);
	reached(hi, r, r->st.hi);
	buf[0] = 0;
	if (strcmp(lo, hi))
		snprintf(buf, TEXT, "[%.80s, %.80s]", lo, hi);
	return buf;
}

/* A row as "median [lo, hi] (n=N)"; NULL is "-". */
const char *spread_text(char *buf, const struct row *r)
{
	char iv[TEXT];

	if (!r)
		return strcpy(buf, "-");
	snprintf(buf, TEXT, "%.4g%s%.200s (n=%d)", r->st.median,
		 *interval_text(iv, r) ? " " : "", iv, r->st.n);
	return buf;
}

/* What is below a hundredth is next to nothing: one digit will do */
static int digits(double ratio)
{
	return ratio < 0.01 ? 1 : 3;
}

/* "×0.9 [0.8, 1.1]" or "+3 [1, 5]" */
const char *effect_text(char *buf, const struct effect *e, bool ratio)
{
	int n;

	if (isnan(e->mid))
		return strcpy(buf, "-");
	if (!ratio) {
		n = snprintf(buf, TEXT, "%+.3g", e->mid);
		if (e->lo != e->hi)
			snprintf(buf + n, TEXT - n, " [%+.3g, %+.3g]", e->lo, e->hi);
		return buf;
	}
	n = snprintf(buf, TEXT, "×%.*g", digits(e->mid), e->mid);
	if (e->lo != e->hi)
		snprintf(buf + n, TEXT - n, " [%.*g, %.*g]", digits(e->lo), e->lo,
			 digits(e->hi), e->hi);
	return buf;
}
