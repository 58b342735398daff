import { ClinikoError, oneLine, withFile } from '../../../nodes/Cliniko/errors.ts';

describe('An error for a person', () => {
	it('has a message, an advice and a status, and nothing of the request', () => {
		const error = new ClinikoError('It failed.', 'Try again.', 503);

		expect(error).toMatchObject({
			message: 'It failed.',
			description: 'Try again.',
			httpCode: 503,
		});
		expect(error.cause).toBeUndefined();
	});

	it('names its file once', () => {
		expect(withFile('It failed.', 'a.pdf')).toBe('It failed. [file "a.pdf"]');
		expect(withFile('The file "a.pdf" failed.', 'a.pdf')).toBe('The file "a.pdf" failed.');
		expect(withFile('It failed.', undefined)).toBe('It failed.');
	});

	it('names a file whose name is a part of any sentence', () => {
		expect(withFile('It failed.', 'a')).toBe('It failed. [file "a"]');
	});
});

describe('A line of foreign text', () => {
	it.each([
		['a\u0000b\u2028c\u2029d\r\ne\u001b[31m', 'a b c d e [31m'],
		['  spaces   around ', 'spaces around'],
		['x '.repeat(100), 'x '.repeat(100).trim()],
		[`${'x '.repeat(100)}y`, `${'x '.repeat(99)}x…`],
		['x'.repeat(29), 'x'.repeat(29)],
	])('is %j on one line', (text, line) => {
		expect(oneLine(text)).toBe(line);
	});

	it('is not cut through a character', () => {
		expect(oneLine('😀 '.repeat(150))).not.toMatch(/\p{Cs}/u);
		expect(oneLine(`x${'😀 '.repeat(150)}`)).not.toMatch(/\p{Cs}/u);
	});

	it.each([
		['an e-mail address', 'Ask jane.doe@clinic.example, please', 'Ask … please'],
		['what is as long as a key', `The key ${'Ab1-'.repeat(8)} is wrong`, 'The key … is wrong'],
		['what has 30 characters', 'x'.repeat(30), '…'],
		['a long e-mail address', `to ${'x'.repeat(40)}@clinic.example now`, 'to … now'],
	])('does not hold %s', (_, text, line) => {
		expect(oneLine(text)).toBe(line);
	});

	it('is made in no time, however long the text is', () => {
		const begin = performance.now();

		oneLine('x'.repeat(60_000));
		oneLine('x@'.repeat(60_000));
		oneLine(' '.repeat(60_000));

		expect(performance.now() - begin).toBeLessThan(1000);
	});
});
