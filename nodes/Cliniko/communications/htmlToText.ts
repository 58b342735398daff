import { Parser } from 'htmlparser2';

/** Elements whose content nobody reads. Not `head`: where its end is missing, the text would be in it. */
const UNSEEN = ['script', 'style', 'template', 'title'];

/** Elements that begin and end a line. */
const BLOCKS = [
	...['address', 'article', 'blockquote', 'body', 'center', 'dd', 'div', 'dl', 'dt', 'fieldset'],
	...['figure', 'footer', 'form', 'header', 'hr', 'html', 'li', 'main', 'nav', 'section', 'tr'],
];

/** Elements with an empty line before and after them. */
const PARAGRAPHS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ol', 'p', 'pre', 'table', 'ul'];

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
 * Blocks become lines, paragraphs are divided by an empty line, list items begin with a hyphen, the
 * cells of a table are divided by `|`, and a link is followed by its address unless that is its text.
 * White space is what a browser makes of it. Styles, scripts, comments and pictures are left out.
 */
export function htmlToText(html: string): string {
	const text = new Text();
	const links: Array<{ address: string; from: number }> = [];
	let unseen = 0;
	let preformatted = 0;
	const atEdge = (name: string) => {
		if (PARAGRAPHS.includes(name)) text.endLine(2);
		else if (BLOCKS.includes(name)) text.endLine(1);
	};
	const parser = new Parser({
		onopentag(name, { href = '' }) {
			atEdge(name);
			if (UNSEEN.includes(name)) unseen++;
			if (name === 'pre') preformatted++;
			if (name === 'br') text.lineBreak();
			if (name === 'li') text.beginItem();
			if (name === 'td' || name === 'th') text.beginCell();
			if (name === 'a') links.push({ address: href.trim(), from: text.length });
		},
		ontext(data) {
			if (unseen > 0) return;
			if (preformatted > 0) text.addAsItIs(data);
			else text.add(data);
		},
		onclosetag(name) {
			if (UNSEEN.includes(name)) unseen--;
			if (name === 'pre') preformatted--;
			if (name === 'li') text.endItem();
			if (name === 'a') text.add(addressOf(links.pop(), text));
			atEdge(name);
		},
	});
	parser.end(html);
	return text.toString();
}

/** What follows a link: nothing if its text is the address, or if it leads nowhere outside the text. */
function addressOf(link: { address: string; from: number } | undefined, text: Text): string {
	const [, scheme] = /^(https?|mailto|tel):/i.exec(link?.address ?? '') ?? [];
	if (!link || !scheme) return '';
	const address = /^http/i.test(scheme) ? link.address : link.address.slice(scheme.length + 1);
	const bare = (one: string) => one.replace(/^https?:\/\/|\/$|\s/gi, '');
	return bare(text.from(link.from)) === bare(address) ? '' : ` (${address})`;
}

/** Text that is put together piece by piece, with white space as browsers show it. */
class Text {
	private text = '';

	/** How many line breaks are due before what is added next. */
	private breaks = 0;

	private isSpaceDue = false;

	/** What begins a list item, until something of it is added. */
	private marker = '';

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
		this.text += `${(!isAtStart && space) || ''}${this.marker}${part.replace(/\u00a0/g, ' ')}`;
		this.breaks = 0;
		this.isSpaceDue = false;
		this.marker = '';
	}

	/** @param breaks 2 for an empty line before what is added next */
	endLine(breaks: 1 | 2): void {
		this.breaks = Math.max(this.breaks, breaks);
	}

	lineBreak(): void {
		this.breaks++;
	}

	beginItem(): void {
		this.marker = '- ';
	}

	endItem(): void {
		this.marker = '';
	}

	/** Divides the cell from the one before it in its row. */
	beginCell(): void {
		if (this.text !== '' && this.breaks === 0) this.add(' | ');
	}

	toString(): string {
		return this.text.replace(/[ \t]+$/gm, '').trim();
	}
}
