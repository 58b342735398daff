import {
	apiHost,
	apiKeyOf,
	shardOf,
} from '../../../../../nodes/Cliniko/transport/cliniko/shard.ts';
import { thrownBy } from '../../connection.cts';

describe('The shard of a Cliniko account', () => {
	it.each([
		['MS0xLTE2OTk-uk2', 'uk2', 'the end of a newer key'],
		['MS0xLTE2OTk-UK2', 'uk2', 'an end in capitals'],
		['MS0xLTE2OTk-au12', 'au12', 'a number with two digits'],
		['MS0xLTE2OTk-uk2\n', 'uk2', 'an end before a line break'],
		['a-au3-b-ca1', 'ca1', 'the last of several ends'],
		['MS0xLTE2OTk-au2-', 'au1', 'no end, where something follows'],
		['MS0xLTE2OTk', 'au1', 'nothing: keys of old are all on au1'],
		['MS0xLTE2OTkau2', 'au1', 'nothing, without a hyphen'],
		['MS0xLTE2OTk-au123', 'au1', 'nothing, with three digits'],
		['MS0xLTE2OTk-au', 'au1', 'nothing, without digits'],
		['MS0xLTE2OTk-au٣', 'au1', 'nothing, with digits of another script'],
	])('of the key %j is %s: %s', (apiKey, shard) => {
		expect(shardOf({ apiKey, shard: '' })).toBe(shard);
	});

	it.each([
		['chosen from the list', { shard: 'eu1' }, 'eu1'],
		['typed', { shard: 'other', customShard: ' AU6\n' }, 'au6'],
		['left as it is by an old workflow', {}, 'au1'],
		['not typed but chosen, whatever was typed before', { shard: 'eu1', customShard: 'x' }, 'eu1'],
	])('is taken as it is %s', (_, fields, shard) => {
		expect(shardOf({ apiKey: 'MS0xLTE2OTk', ...fields })).toBe(shard);
	});

	it('may be chosen although the key names it too', () => {
		expect(shardOf({ apiKey: 'MS0xLTE2OTk-EU1', shard: 'eu1' })).toBe('eu1');
	});

	it.each([
		'au1.evil.example/#',
		'au1/',
		'au1@evil.example',
		'',
		'   ',
		'a1',
		'au',
		'aus1',
		'au123',
		'a_1',
		'12',
		'au٣',
		'au１',
		'au1\nau2',
	])('is not %j: that would become a part of a host name', (customShard) => {
		const error = thrownBy(() => shardOf({ apiKey: 'MS0xLTE2OTk', shard: 'other', customShard }));

		expect(error.message).toContain('is not a shard');
		expect(error.description).toContain('Detect From API Key');
	});

	it('is not what an expression makes of the list', () => {
		expect(thrownBy(() => shardOf({ apiKey: 'MS0', shard: 'evil.example' })).message).toContain(
			'is not a shard',
		);
	});

	it('is refused when the key itself names another one', () => {
		const error = thrownBy(() => shardOf({ apiKey: 'MS0xLTE2OTk-uk2', shard: 'au1' }));

		expect(error.message).toContain('ends in -uk2');
		expect(error.message).toContain('set to au1');
		expect(error.message).not.toContain('MS0xLTE2OTk');
	});

	it('makes the only host that the key is sent to', () => {
		expect(apiHost('uk2')).toBe('api.uk2.cliniko.com');
	});
});

describe('The API key', () => {
	it('loses the white space that was copied along', () => {
		expect(apiKeyOf({ apiKey: '\t MS0xLTE2OTk-uk2 \r\n' })).toBe('MS0xLTE2OTk-uk2');
	});

	it.each([[''], ['  \n'], [undefined!], [12]])('is requested when it is %j', (apiKey) => {
		expect(thrownBy(() => apiKeyOf({ apiKey })).message).toContain('has no API key');
	});

	it.each(['MS0xLTE2 OTk-uk2', 'MS0xLTE2OTk\n-uk2', 'Key: MS0xLTE2OTk-uk2', 'MS0x\u00a0LTE2-uk2'])(
		'is refused with white space inside it, and not repeated: %j',
		(apiKey) => {
			const { message, description } = thrownBy(() => apiKeyOf({ apiKey }));
			expect(message).toBe(
				'The API key in the Cliniko API credential has a space or a line break in it.',
			);
			expect(`${message}${description}`).not.toContain('MS0x');
		},
	);
});
