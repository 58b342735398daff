/** Whole workflows in a real n8n, with its editor in a real browser: npm run test:e2e. */
module.exports = {
	...require('./jest.config.cjs'),
	testMatch: ['<rootDir>/test/e2e/*.e2e.cts'],
	globalSetup: '<rootDir>/test/e2e/prepare.cts',
	globalTeardown: '<rootDir>/test/e2e/clean-up.cts',
	testEnvironment: '<rootDir>/test/e2e/environment.cts',
	// On a busy machine n8n and its first page take a minute each to be there.
	testTimeout: 240_000,
	// Mostly they wait for n8n's triggers.
	maxWorkers: 2,
	verbose: true,
};
