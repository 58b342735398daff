import { Parser } from 'htmlparser2';

/** Elements whose content nobody reads. Not `head`: where its end is missing, the text would be in it. */
const UNSEEN = ['script', 'style', 'svg', 'template', 'title'];

/** Elements that begin and end a line. */
const BLOCKS = [
	...['address', 'article', 'blockquote', 'body', 'center', 'dd', 'div', 'dl', 'dt', 'fieldset'],
	...['figure', 'footer', 'form', 'header', 'hr', 'html', 'li', 'main', 'nav', 'option', 'section'],
];

/** Elements with an empty line before and after them. */
const PARAGRAPHS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ol', 'p', 'pre', 'table', 'ul'];

/** Elements whose text is no longer meant. */
const STRUCK = ['del', 's', 'strike'];

/** The elements of HTML, obsolete ones included. */
const ELEMENTS =
	`a abbr acronym address applet area article aside audio b base basefont bdi bdo big blockquote
	body br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div
	dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header
	hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee math menu meta meter
	nav nobr noframes noscript object ol optgroup option output p param picture pre progress q rp rt ruby s
	samp script section select small source span strike strong style sub summary sup svg table tbody td
	template textarea tfoot th thead time title tr track tt u ul var video wbr xml`.split(/\s+/);

/** Elements of Office, such as `o:p` and `st1:place`. */
const OFFICE_ELEMENT = '[a-z]{1,2}\\d?:[a-z][\\w.-]*';

/** A `<` that begins no tag, comment or declaration, as in `<jane@mail.example>` or `pain <walking`. */
const BARE_SIGN = new RegExp(
	`<(?!/?(?:${ELEMENTS.join('|')}|${OFFICE_ELEMENT})(?:[\\s/](?:[^<>=]|=(?!["'])|="[^"]*"|='[^']*')*)?>|!--|!doctype\\b|!\\[|\\?xml)`,
	'gi',
);

/** A tag that e-mail programs write, as opposed to `<jane@mail.example>` or `a<b and c>d`. */
const TAG =
	/<!doctype html|<\/?(?:a|b|body|br|div|em|font|h[1-6]|head|hr|html|i|img|li|meta|ol|p|span|strong|style|table|tbody|td|tr|u|ul)(?:\s+[\w:-]+=(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*\/?>/i;

/** Whether a text is HTML: it has a tag that e-mail programs write. */
export function isHtml(text: string): boolean {
	return TAG.test(text);
}

/**
 * What a reader of HTML sees, as text.
 *
 * Blocks become lines, paragraphs are divided by an empty line, list items begin with a hyphen or their
 * number, the lines of a quotation with `>`, the cells of a table are divided by `|`, and a link is followed
 * by its address unless its text ends with it. Text that is struck out says so, a raised number keeps apart
 * from the one before it (`10^9`), and a box that is ticked is `[x]`. White space is what a browser makes of
 * it. Styles, scripts, comments and pictures other than emoji are left out. What stands in angle brackets
 * and is no tag is kept, as people write it in a form whose answers become HTML.
 */
export function htmlToText(html: string): string {
	const text = new Text();
	const links: Array<{ address: string; from: number }> = [];
	/** For each open element, whether its text is struck out. */
	const struck: boolean[] = [];
	/** For each open list, the number of its next item; undefined where items have none. */
	const lists: Array<{ next?: number }> = [];
	/** The row of a table that has begun last: where, and how many of its cells have begun. */
	let row = { from: 0, cells: 0 };
	let unseen = 0;
	let preformatted = 0;
	let isRaised = false;
	const atEdge = (name: string) => {
		if (PARAGRAPHS.includes(name)) text.endLine(2);
		else if (BLOCKS.includes(name)) text.endLine(1);
	};
	const beginCell = () => {
		if (row.cells++ > 0) text.beginCell(row.from === text.length);
	};
	const parser = new Parser({
		onopentag(name, attributes) {
			const { href = '', start, style = '' } = attributes;
			atEdge(name);
			if (UNSEEN.includes(name)) unseen++;
			if (name === 'pre') preformatted++;
			if (name === 'br') text.lineBreak();
			if (name === 'ol') lists.push({ next: Number(start ?? 1) || 0 });
			if (name === 'ul') lists.push({});
			if (name === 'li') text.beginItem(markerIn(lists.at(-1)));
			if (name === 'tr') {
				text.endRow();
				row = { from: text.length, cells: 0 };
			}
			if (name === 'td' || name === 'th') beginCell();
			if (name === 'blockquote') text.beginQuotation();
			if (name === 'a') links.push({ address: href.trim(), from: text.length });
			if (name === 'sup') isRaised = true;
			const isStruck = STRUCK.includes(name) || /line-through/i.test(style);
			struck.push(isStruck);
			if (unseen > 0) return;
			if (isStruck) text.add('[struck out: ');
			text.add(shownBy(name, attributes));
		},
		ontext(data) {
			if (unseen > 0) return;
			if (isRaised && /^\s*[-+\u2212\d]/.test(data)) text.add('^');
			isRaised = false;
			if (preformatted > 0) text.addAsItIs(data);
			else text.add(data);
		},
		onclosetag(name) {
			if (struck.pop() && unseen === 0) text.add(']');
			if (UNSEEN.includes(name)) unseen--;
			if (name === 'pre') preformatted--;
			if (name === 'ol' || name === 'ul') lists.pop();
			if (name === 'li') text.endItem();
			if (name === 'tr') text.endRow();
			if (name === 'blockquote') text.endQuotation();
			if (name === 'a') text.add(addressOf(links.pop(), text));
			if (name === 'sup') isRaised = false;
			atEdge(name);
		},
	});
	parser.end(html.replace(BARE_SIGN, '&lt;'));
	return text.toString();
}

function markerIn(list: { next?: number } | undefined): string {
	return list?.next === undefined ? '- ' : `${list.next++}. `;
}

/** What an element shows that has no text of its own: the tick of a box, what was filled in, or an emoji. */
function shownBy(name: string, attributes: Record<string, string>): string {
	const { type = 'text', value = '', alt = '' } = attributes;
	const isTicked = 'checked' in attributes || 'selected' in attributes;
	if (name === 'option' || (name === 'input' && /^(checkbox|radio)$/i.test(type))) {
		return isTicked ? '[x] ' : '[ ] ';
	}
	if (name === 'input' && !/^(button|hidden|image|password|reset|submit)$/i.test(type))
		return value;
	return name === 'img' && /^\p{Extended_Pictographic}/u.test(alt) ? alt : '';
}

/** What follows a link: nothing if its text ends with the address, or if it leads nowhere outside the text. */
function addressOf(link: { address: string; from: number } | undefined, text: Text): string {
	const [, scheme] = /^(https?|mailto|tel):/i.exec(link?.address ?? '') ?? [];
	if (!link || !scheme) return '';
	const address = /^http/i.test(scheme) ? link.address : link.address.slice(scheme.length + 1);
	const bare = (one: string) => one.replace(/^https?:\/\/|\/$|\s/gi, '');
	// Of a long text, its end is enough; links that are not closed may have all that follows for theirs.
	const end = text.from(Math.max(link.from, text.length - address.length - 50));
	return bare(end).endsWith(bare(address)) ? '' : ` (${address})`;
}

/** Text that is put together piece by piece, with white space as browsers show it. */
class Text {
	private text = '';

	/** How many line breaks are due before what is added next. */
	private breaks = 0;

	private isSpaceDue = false;

	/** What begins a list item, until something of it is added. */
	private marker = '';

	/** How many cells of a row have begun since something was added. */
	private dividers = 0;

	/** How many quotations what is added next is in. */
	private quotations = 0;

	get length(): number {
		return this.text.length;
	}

	/** What was added since the text had this length. */
	from(length: number): string {
		return this.text.slice(length);
	}

	/** Adds text, in which any white space counts as one space. */
	add(data: string): void {
		for (const part of data.split(/([ \t\r\n\f]+)/)) {
			if (/^[ \t\r\n\f]/.test(part)) this.isSpaceDue = true;
			else if (part !== '') this.addAsItIs(part);
		}
	}

	addAsItIs(part: string): void {
		const isAtStart = this.text === '' || this.text.endsWith('\n');
		const space = this.breaks > 0 ? '\n'.repeat(Math.min(this.breaks, 2)) : this.isSpaceDue && ' ';
		const quoted = '> '.repeat(this.quotations);
		const begin = isAtStart || this.breaks > 0 ? quoted : '';
		const added = part.replace(/\u00a0/g, ' ').replace(/\n/g, `\n${quoted}`);
		this.text += `${(!isAtStart && space) || ''}${begin}${'| '.repeat(this.dividers)}${this.marker}${added}`;
		this.breaks = 0;
		this.isSpaceDue = false;
		this.marker = '';
		this.dividers = 0;
	}

	/** @param breaks 2 for an empty line before what is added next */
	endLine(breaks: 1 | 2): void {
		if (this.dividers === 0) this.breaks = Math.max(this.breaks, breaks);
	}

	lineBreak(): void {
		if (this.dividers === 0) this.breaks++;
	}

	endRow(): void {
		this.dividers = 0;
		this.endLine(1);
	}

	/**
	 * Divides the cell that begins from the one before it in its row.
	 *
	 * @param isRowEmpty whether no cell of the row has shown anything yet
	 */
	beginCell(isRowEmpty: boolean): void {
		// Word and Outlook end each cell with a paragraph.
		if (!isRowEmpty) this.breaks = 0;
		this.dividers++;
		this.isSpaceDue = true;
	}

	beginQuotation(): void {
		this.quotations++;
	}

	endQuotation(): void {
		this.quotations--;
	}

	/** @param marker what the item begins with */
	beginItem(marker: string): void {
		this.marker = marker;
	}

	endItem(): void {
		this.marker = '';
	}

	toString(): string {
		return this.text.replace(/[ \t]+$/gm, '').trim();
	}
}
