import fc from 'fast-check';

import { safeFileName } from '../../../../nodes/Cliniko/records/fileName.ts';

const FALLBACK = 'fallback.pdf';

const piece = fc.constantFrom(
	'a',
	'ü',
	'u\u0308',
	'\u0308',
	'é',
	'한',
	'\u1112\u1161\u11ab',
	'😀',
	'👩‍⚕️',
	'\ud83d',
	'\udc69',
	'\u0000',
	'\u001b',
	'\u0085',
	'\u200e',
	'\u202e',
	'\u2066',
	'\u2028',
	'\ufeff',
	'\ufffd',
	'\u037e',
	'\u200d',
	'\u00ad',
	'\u034f',
	'\ufe0f',
	'\u{e0067}',
	'#',
	'?',
	'%',
	'%2F',
	'%20',
	';',
	'+',
	'&',
	'|',
	'^',
	'@',
	':',
	'\r\n',
	'\t',
	' ',
	'\u00a0',
	'.',
	'..',
	'-',
	'/',
	'\\',
	'"',
	"'",
	'$',
	'{',
	'}',
	'${filename}',
	'${',
	'filename',
	'FileName}',
	'%22',
	'.pdf',
	'.jpeg',
	'x'.repeat(60),
	'ü'.repeat(60),
	'😀'.repeat(20),
	'\u0958'.repeat(20),
);

const name = fc.oneof(
	{ weight: 3, arbitrary: fc.string({ unit: piece, maxLength: 12 }) },
	fc.string({
		unit: fc.constantFrom('${', 'filename', '}', '${filename}', 'FileName', '\u0000'),
		maxLength: 8,
	}),
	// Around the length limit.
	fc
		.tuple(
			fc.integer({ min: 245, max: 256 }),
			fc.string({ unit: fc.constantFrom(' ', '.', 'y'), maxLength: 12 }),
		)
		.map(([length, end]) => 'x'.repeat(length) + end),
	fc.string({ unit: 'binary', maxLength: 300 }),
	fc.string({ unit: 'grapheme', maxLength: 100 }),
);

const safe = (given: string) => safeFileName(given, FALLBACK);

/** Properties of the cleaned name, whatever the original. */
const holds = (check: (made: string, given: string) => void, numRuns = 1000) =>
	fc.assert(
		fc.property(name, (given) => check(safe(given), given)),
		{ numRuns },
	);

describe('The name of a file, whatever it was', () => {
	it('stays as it is once it is safe', () => {
		holds((made) => expect(safe(made)).toBe(made));
	});

	it('has at most 255 bytes, and something in it', () => {
		holds((made) => {
			expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255);
			expect(made).not.toMatch(/^[.\- ]*$/);
		});
	});

	it('is whole characters in one normal form', () => {
		holds((made) => {
			expect(made).toBe(made.normalize('NFC'));
			expect(made).not.toMatch(/\p{Cs}/u);
		});
	});

	it('has nothing that could cut it off, end its quotes, or turn its direction', () => {
		holds((made) => {
			expect(made).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}/\\"\ufeff\ufffd]/u);
			expect(made).not.toMatch(/\p{Bidi_Control}/u);
			expect(made).toBe(made.trim());
		});
	});

	it('has no invisible characters', () => {
		holds((made) => expect(made).not.toMatch(/[\p{Cc}\p{Default_Ignorable_Code_Point}]/u));
	});

	describe('leads to one file, in an address that says it', () => {
		const FOLDER = '1/patients/2/attachments/temp/3/';
		const HOST = 'https://files.s3.amazonaws.com/';

		/** Ways a server may parse the URL; undefined where it rejects it. */
		const readings: Array<[string, (address: string) => string | undefined]> = [
			['as it stands', (address) => address.slice(HOST.length)],
			['decoded', (address) => decoded(address.slice(HOST.length))],
			[
				'decoded as a form is',
				(address) => decoded(address.slice(HOST.length).replace(/\+/g, ' ')),
			],
			['parsed as a browser does', (address) => decoded(new URL(address).pathname.slice(1))],
			[
				'parsed, and decoded as a form is',
				(address) => decoded(new URL(address).pathname.slice(1).replace(/\+/g, ' ')),
			],
			['parsed by RFC 3986', (address) => decoded(strictPath(address))],
			// These parsers start a parameter at each `;`.
			['parsed by RFC 2396', (address) => decoded(strictPath(address)?.replace(/;[^/]*/g, ''))],
		];

		const decoded = (text: string | undefined) => {
			try {
				return text === undefined ? undefined : decodeURIComponent(text);
			} catch {
				return undefined;
			}
		};

		/** Ruby's and Java's parsers reject invalid URIs, such as ones with a space or an umlaut. */
		const strictPath = (address: string) =>
			/^https:\/\/[\w.-]+\/((?:[\w.~!$&'()*+,;=:@/-]|%[\da-f]{2})*)(?:\?[^#]*)?(?:#.*)?$/i.exec(
				address,
			)?.[1];

		const plain = (made: string) => HOST + FOLDER + made;
		const encoded = (made: string) =>
			HOST + (FOLDER + made).split('/').map(encodeURIComponent).join('/');

		it.each(readings)('in the plain form, %s', (_, read) => {
			holds((made) => expect([FOLDER + made, undefined]).toContain(read(plain(made))));
		});

		it.each(readings.slice(1))('in the encoded form, %s', (_, read) => {
			holds((made) => expect(read(encoded(made))).toBe(FOLDER + made));
		});

		it('in the encoded form as it is, which is another name only if no record has it', () => {
			holds((made) => {
				const key = encoded(made).slice(HOST.length);

				// Cannot collide with another file: cleaned names never contain a percent sign.
				if (key !== FOLDER + made) expect(key).toContain('%');
			});
		});
	});

	it('is never put into itself by S3', () => {
		holds((made) => expect(made.toLowerCase()).not.toContain('${filename}'), 4000);
	});

	it('keeps its ending, however long it is', () => {
		const letters = fc.string({
			unit: fc.constantFrom(...'abcxyzABC019'),
			minLength: 1,
			maxLength: 15,
		});
		fc.assert(
			fc.property(name, letters, (start, extension) => {
				expect(safe(`a${start}.${extension}`).endsWith(`.${extension}`)).toBe(true);
			}),
			{ numRuns: 1000 },
		);
	});

	it('is the name that it was when that is harmless', () => {
		const harmless = fc.string({
			unit: fc.constantFrom(..."abcäöüéñ日本한😀 ()[]&'$-_,=!@^~1234567890."),
			maxLength: 40,
		});
		fc.assert(
			fc.property(harmless, (middle) => {
				const whole = `a${middle}.pdf`;

				expect(safe(whole)).toBe(whole);
			}),
			{ numRuns: 1000 },
		);
	});
});
