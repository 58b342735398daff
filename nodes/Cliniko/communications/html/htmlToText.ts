import { Parser } from 'htmlparser2';

import { FlowText } from './flowText';
import { listOf, markerIn, type List } from './lists';
import { tagsOnly } from './tagsOnly';

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
	const text = new FlowText();
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
function addressOf(link: { address: string; from: number } | undefined, text: FlowText): string {
	const [, scheme] = /^(https?:|mailto:|tel:|\/\/)/i.exec(link?.address ?? '') ?? [];
	if (!link || !scheme) return '';
	const address = /^(http|\/)/i.test(scheme) ? link.address : link.address.slice(scheme.length);
	const bare = (one: string) => one.replace(/^(https?:)?\/\/|\/$|\s/gi, '');
	// Of a long text, its end is enough; links that are not closed may have all that follows for theirs.
	const end = text.from(Math.max(link.from, text.length - address.length - 50));
	return bare(end).endsWith(bare(address)) ? '' : ` (${address})`;
}

function words(list: string): string[] {
	return list.split(/\s+/);
}
