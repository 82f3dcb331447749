public import ArgumentParser
public import Service

extension AccessRole: ExpressibleByArgument {}
