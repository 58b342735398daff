/** A list that has begun. */
export interface List {
	/** The number of the next item; undefined where items have none. */
	next?: number;
	/** As HTML gives it: `1`, `a`, `A`, `i` or `I`; `none` if nothing is shown before an item. */
	type: string;
}

/** @param name `ol` or `ul` */
export function listOf(
	name: string,
	{ start, type, style = '' }: Record<string, string | undefined>,
): List {
	if (/list-style(?:-type)?:[^;]*\bnone\b/i.test(style)) return { type: 'none' };
	if (name === 'ul') return { type: '' };
	const [, size, kind] = /(lower|upper)-(alpha|latin|roman)/i.exec(style) ?? [];
	const letter = /roman/i.test(kind ?? '') ? 'i' : 'a';
	const styled = size && (/upper/i.test(size) ? letter.toUpperCase() : letter);
	return { next: Number(start ?? 1) || 0, type: styled ?? type ?? '1' };
}

/**
 * What the next item of a list begins with: its number as the list counts, or a hyphen.
 *
 * @param list is counted on; undefined for an item outside of a list
 * @param item the item's attributes
 */
export function markerIn(list: List | undefined, item: Record<string, string | undefined>): string {
	// An editor that many web sites use.
	const kind = item['data-list'];
	if (kind === 'checked' || kind === 'unchecked') return kind === 'checked' ? '[x] ' : '[ ] ';
	if (list?.type === 'none') return '';
	if (list?.next === undefined || kind === 'bullet') return '- ';
	const given = Number(item.value ?? list.next);
	const number = Number.isFinite(given) ? given : 0;
	list.next = number + 1;
	const counted = /a/i.test(list.type) ? letters : /i/i.test(list.type) ? roman : String;
	const isCountable = Number.isInteger(number) && number > 0 && number < 1000;
	const marker = isCountable ? counted(number) : String(number);
	return `${/[ai]/.test(list.type) ? marker.toLowerCase() : marker}. `;
}

/** 1 is A, and 27 is AA. */
function letters(number: number): string {
	const rest = Math.floor((number - 1) / 26);
	return `${rest > 0 ? letters(rest) : ''}${String.fromCharCode(65 + ((number - 1) % 26))}`;
}

const TENS = ['', 'X', 'XX', 'XXX', 'XL', 'L', 'LX', 'LXX', 'LXXX', 'XC'];
const ONES = ['', 'I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX'];

/** Up to 99, which no list in a message exceeds; above that, digits. */
function roman(number: number): string {
	if (number > 99) return String(number);
	return `${TENS[Math.floor(number / 10)]}${ONES[number % 10]}`;
}
