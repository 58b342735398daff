/** Elements that have no end tag. */
const VOID = words(
	'area base basefont br col embed frame hr img input link meta param source track wbr',
);

/** Elements whose end tag may be missing, or often is. */
const ENDLESS = words(`blockquote caption colgroup dd div dt font li ol optgroup option p rp
	rt span table tbody td tfoot th thead tr ul`);

/** Elements that have an end tag, obsolete ones included. */
const ENDED =
	words(`a abbr acronym address applet article aside audio b bdi bdo big button canvas center cite code data
	datalist del details dfn dialog dir dl em embed fieldset figcaption figure footer form frameset h1 h2 h3 h4
	h5 h6 header hgroup i iframe ins kbd label legend main map mark marquee math menu meter nav nobr noframes
	noscript object output picture pre progress q ruby s samp script search section select small strike strong
	style sub summary sup svg template textarea time title tt u var video xml`);

/** Elements that a whole page has, with or without end tags. */
const DOCUMENT = words('body head html');

/** These say something by themselves; another one without an attribute is a word. */
const BARE = words('br hr wbr');

/** Elements of Office, such as `o:p` and `st1:place`. */
const OFFICE = /^(?:m|o|st1|v|w|x):[a-z]/;

/** What looks like a tag, or begins a comment or a declaration; any other `<` alone. */
const CANDIDATE =
	/<(?:(\/?)([a-z][\w:.-]*)((?:[\s/](?:[^<>=]|=(?!["'])|="[^"]*"|='[^']*')*)?)>|!--|!doctype\b|!\[|\?xml)?/gi;

/** Attributes as programs write them, with values, or known without one. */
const ATTRIBUTES =
	/^(?:\s+(?:[^\s"'<>/=]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+)|[a-z]+-[\w-]+|autoplay|border|checked|compact|controls|disabled|download|hidden|ismap|itemscope|loop|multiple|muted|noshade|nowrap|open|readonly|required|reversed|selected))*[\s/]*$/i;

/**
 * HTML in which every `<` that begins no tag is escaped, as in `<jane@mail.example>`, `<Mark Jones>` or
 * `pain <walking`: a parser would take it for a tag, and leave out what people wrote. So is the tag of an
 * element that never ends, such as `choose <a> or <b>`, and of a comment that would hide all that follows.
 */
export function tagsOnly(html: string): string {
	// Browsers end a comment there, too.
	const whole = html.replace(/--!>/g, '-->');
	const ends = new Map<string, number>();
	for (const { 1: name = '', index } of whole.matchAll(/<\/([a-z][\w:.-]*)\s*>/gi)) {
		ends.set(name.toLowerCase(), index);
	}
	const lastComment = whole.lastIndexOf('-->');
	const lastBracket = whole.lastIndexOf('>');
	const isDocument = /<html|<!doctype|<\/(?:body|head)>/i.test(whole);
	const isTag = (slash: string, name: string, attributes: string, at: number): boolean => {
		if (slash !== '')
			return [...VOID, ...ENDLESS, ...ENDED, ...DOCUMENT].includes(name) || OFFICE.test(name);
		if (!ATTRIBUTES.test(attributes)) return false;
		if (VOID.includes(name)) return BARE.includes(name) || /\w/.test(attributes);
		if (DOCUMENT.includes(name)) return isDocument;
		if (ENDLESS.includes(name) || OFFICE.test(name)) return true;
		return ENDED.includes(name) && (attributes.endsWith('/') || (ends.get(name) ?? -1) > at);
	};
	return whole.replace(
		CANDIDATE,
		(found: string, slash = '', name = '', attributes = '', at: number) => {
			const isKept =
				name !== ''
					? isTag(slash, name.toLowerCase(), attributes, at)
					: found === '<!--'
						? lastComment > at
						: found !== '<' && lastBracket > at;
			return isKept ? found : `&lt;${found.slice(1)}`;
		},
	);
}

function words(list: string): string[] {
	return list.split(/\s+/);
}
