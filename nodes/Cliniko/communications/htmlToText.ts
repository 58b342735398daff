import { Parser } from 'htmlparser2';

import { tagsOnly } from './htmlTags';

/** Elements whose content nobody reads. Not `head`: where its end is missing, the text would be in it. */
const UNSEEN = ['script', 'style', 'svg', 'template', 'title'];

/** Elements that begin and end a line. */
const BLOCKS =
	words(`address article aside blockquote body caption center dd details dialog dir div dl dt
	fieldset figcaption figure footer form frameset header hgroup hr html legend li main menu nav noframes
	optgroup option search section summary`);

/** Elements with an empty line before and after them. */
const PARAGRAPHS = words('h1 h2 h3 h4 h5 h6 ol p pre table ul');

/** Elements whose text is no longer meant. */
const STRUCK = words('del s strike');

/** A tag that e-mail programs write, as opposed to `<jane@mail.example>` or `a<b and c>d`. */
const TAG =
	/<!doctype html|<(?:body|br|div|h[1-6]|head|hr|html|img|li|meta|ol|p|style|table|tbody|td|tr|ul)(?:\s+[\w:-]+=(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*\/?>|<\/(?:a|b|div|em|font|h[1-6]|i|li|p|span|strong|td|tr|u)>/i;

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
	const open: OpenElement[] = [];
	const lists: List[] = [];
	/** The row of a table that has begun last: where, and how many of its cells have begun. */
	let row = { from: 0, cells: 0 };
	let unseen = 0;
	let preformatted = 0;
	let isRaised = false;
	const parser = new Parser({
		onopentag(name, attributes) {
			const element = openElement(name, attributes);
			open.push(element);
			if (element.lines > 0) text.endLine(element.lines);
			if (UNSEEN.includes(name)) unseen++;
			if (element.isPreformatted) preformatted++;
			if (name === 'br') text.lineBreak();
			if (name === 'ol' || name === 'ul') lists.push(listOf(name, attributes));
			if (name === 'li') text.beginItem(markerIn(lists.at(-1), attributes.value));
			if (name === 'tr') {
				text.endRow();
				row = { from: text.length, cells: 0 };
			}
			if ((name === 'td' || name === 'th') && row.cells++ > 0) {
				text.beginCell(row.from === text.length);
			}
			if (name === 'blockquote') text.beginQuotation();
			if (name === 'a') links.push({ address: (attributes.href ?? '').trim(), from: text.length });
			if (name === 'sup') isRaised = true;
			if (unseen > 0) return;
			if (element.isStruck) text.add('[struck out: ');
			text.add(shownBy(name, attributes));
		},
		ontext(data) {
			if (unseen > 0) return;
			if (isRaised && /^\s*[-+\u2010-\u2013\u2212\d]/.test(data)) text.add('^');
			isRaised = false;
			if (preformatted > 0) text.addAsItIs(data);
			else text.add(data);
		},
		onclosetag(name) {
			const element = open.pop();
			if (element?.isStruck && unseen === 0) text.add(']');
			if (UNSEEN.includes(name)) unseen--;
			if (element?.isPreformatted) preformatted--;
			if (name === 'ol' || name === 'ul') lists.pop();
			if (name === 'li') text.endItem();
			if (name === 'tr') text.endRow();
			if (name === 'blockquote') text.endQuotation();
			if (name === 'a') text.add(addressOf(links.pop(), text));
			if (name === 'sup') isRaised = false;
			if (element && element.lines > 0) text.endLine(element.lines);
		},
	});
	parser.end(tagsOnly(html));
	return text.toString();
}

type Attributes = Record<string, string>;

/** An element that has begun, and what is to be undone at its end. */
interface OpenElement {
	/** The lines that it ends, before and after it: 2 with an empty one. */
	lines: 0 | 1 | 2;
	isStruck: boolean;
	isPreformatted: boolean;
}

function openElement(name: string, { style = '' }: Attributes): OpenElement {
	const isBlock = BLOCKS.includes(name) || /display:\s*(?:block|flex|grid|list-item)/i.test(style);
	return {
		lines: PARAGRAPHS.includes(name) ? 2 : isBlock ? 1 : 0,
		isStruck: STRUCK.includes(name) || /line-through/i.test(style),
		isPreformatted: name === 'pre' || /white-space:\s*(?:pre|break-spaces)/i.test(style),
	};
}

interface List {
	/** The number of the next item; undefined where items have none. */
	next?: number;
	/** As HTML gives it: `1`, `a`, `A`, `i` or `I`. */
	type: string;
}

function listOf(name: string, { start, type, style = '' }: Attributes): List {
	if (name === 'ul') return { type: '' };
	const [, size, kind] = /(lower|upper)-(alpha|latin|roman)/i.exec(style) ?? [];
	const letter = /roman/i.test(kind ?? '') ? 'i' : 'a';
	const styled = size && (/upper/i.test(size) ? letter.toUpperCase() : letter);
	return { next: Number(start ?? 1) || 0, type: styled ?? type ?? '1' };
}

function markerIn(list: List | undefined, value: string | undefined): string {
	if (list?.next === undefined) return '- ';
	const number = Number(value ?? list.next) || 0;
	list.next = number + 1;
	const counted = /a/i.test(list.type) ? letters : /i/i.test(list.type) ? roman : String;
	const marker = number > 0 ? counted(number) : String(number);
	return `${list.type === list.type.toUpperCase() ? marker : marker.toLowerCase()}. `;
}

/** 1 is A, and 27 is AA. */
function letters(number: number): string {
	const rest = Math.floor((number - 1) / 26);
	return `${rest > 0 ? letters(rest) : ''}${String.fromCharCode(65 + ((number - 1) % 26))}`;
}

const ROMAN: Array<[number, string]> = [
	...([
		[1000, 'M'],
		[900, 'CM'],
		[500, 'D'],
		[400, 'CD'],
		[100, 'C'],
	] as Array<[number, string]>),
	...([
		[90, 'XC'],
		[50, 'L'],
		[40, 'XL'],
		[10, 'X'],
		[9, 'IX'],
	] as Array<[number, string]>),
	...([
		[5, 'V'],
		[4, 'IV'],
		[1, 'I'],
	] as Array<[number, string]>),
];

function roman(number: number): string {
	// Above, it would be a long row of M, as no list has them.
	if (number > 3999) return String(number);
	const [value, sign] = ROMAN.find(([one]) => one <= number) ?? [];
	return value === undefined ? '' : `${sign}${roman(number - value)}`;
}

/** What an element shows that has no text of its own: the tick of a box, what was filled in, or an emoji. */
function shownBy(name: string, attributes: Attributes): string {
	const { type = 'text', value = '', alt = '' } = attributes;
	const isTicked = 'checked' in attributes || 'selected' in attributes;
	if (name === 'option' || (name === 'input' && /^(checkbox|radio)$/i.test(type))) {
		return isTicked ? '[x] ' : '[ ] ';
	}
	if (name === 'input' && !/^(button|hidden|image|password|reset|submit)$/i.test(type))
		return value;
	// Another picture divides what is before it from what is behind it.
	return name === 'img' ? (/^\p{Extended_Pictographic}/u.test(alt) ? alt : ' ') : '';
}

/** What follows a link: nothing if its text ends with the address, or if it leads nowhere outside the text. */
function addressOf(link: { address: string; from: number } | undefined, text: Text): string {
	const [, scheme] = /^(https?:|mailto:|tel:|\/\/)/i.exec(link?.address ?? '') ?? [];
	if (!link || !scheme) return '';
	const address = /^(http|\/)/i.test(scheme) ? link.address : link.address.slice(scheme.length);
	const bare = (one: string) => one.replace(/^(https?:)?\/\/|\/$|\s/gi, '');
	// Of a long text, its end is enough; links that are not closed may have all that follows for theirs.
	const end = text.from(Math.max(link.from, text.length - address.length - 50));
	return bare(end).endsWith(bare(address)) ? '' : ` (${address})`;
}

/** Text that is put together piece by piece, with white space as browsers show it. */
class Text {
	/** Not one text that grows: looking at its end would copy it every time. */
	private readonly parts: string[] = [];

	private size = 0;

	/** How many line breaks are due before what is added next. */
	private breaks = 0;

	private isSpaceDue = false;

	private isAtLineStart = true;

	/** What begins a list item, until something of it is added. */
	private marker = '';

	/** How many cells of a row have begun since something was added. */
	private dividers = 0;

	/** How many quotations what is added next is in. */
	private quotations = 0;

	get length(): number {
		return this.size;
	}

	/** What was added since the text had this length. */
	from(length: number): string {
		let end = '';
		for (let at = this.parts.length - 1; at >= 0 && end.length < this.size - length; at--) {
			end = this.parts[at]! + end;
		}
		return end.slice(Math.max(0, end.length - (this.size - length)));
	}

	/** Adds text, in which any white space counts as one space. */
	add(data: string): void {
		for (const part of data.split(/([ \t\r\n\f]+)/)) {
			if (/^[ \t\r\n\f]/.test(part)) this.isSpaceDue = true;
			else if (part !== '') this.addAsItIs(part);
		}
	}

	addAsItIs(part: string): void {
		if (part === '') return;
		const quoted = '> '.repeat(this.quotations);
		let added = '';
		if (!this.isAtLineStart && this.breaks > 0) added = '\n'.repeat(Math.min(this.breaks, 2));
		else if (!this.isAtLineStart && this.isSpaceDue) added = ' ';
		if (this.isAtLineStart || this.breaks > 0) added += quoted;
		added += `${'| '.repeat(this.dividers)}${this.marker}`;
		added += part.replace(/\u00a0/g, ' ').replace(/\n/g, `\n${quoted}`);
		this.parts.push(added);
		this.size += added.length;
		this.isAtLineStart = part.endsWith('\n');
		this.breaks = 0;
		this.isSpaceDue = false;
		this.marker = '';
		this.dividers = 0;
	}

	/** @param breaks 2 for an empty line before what is added next */
	endLine(breaks: number): void {
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
		const lines = this.parts.join('').split('\n');
		return lines
			.map((line) => line.trimEnd())
			.join('\n')
			.trim();
	}
}

function words(list: string): string[] {
	return list.split(/\s+/);
}
